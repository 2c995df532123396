"""Noise, a function of the sample's noise key and of the pixel.

An integer hash gives the bits, Box and Muller's formula the normal numbers. The
integers are the same on every device: multipliers lie below 2^31, so a product
with a 32-bit word stays within int64 and nothing overflows.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.ops.transfer import on_hit, to_device

MASK = 0xFFFFFFFF
ROUNDS = ((16, 0x236F7153), (12, 0x33CD8663), (15, 0x3E06B66B))
LAST_SHIFT = 16
UNIT = 2.0**-24


def add_noise(x_BCHW: Tensor, keys: npt.NDArray[np.int64], sigma: float) -> Tensor:
    """Noise added to every pixel in place, the sum cut to [0, 1].

    Args:
        x_BCHW: Images in [0, 1].
        keys: The noise key of each image, two 32-bit words; (B, 2).
        sigma: The noise's standard deviation.
    """
    return x_BCHW.add_(normal(keys, x_BCHW.shape[1:], x_BCHW.device).mul_(sigma)).clamp_(0.0, 1.0)


def add_background_noise(x_BCHW: Tensor, keys: npt.NDArray[np.int64], sigma: float) -> Tensor:
    """The same, on those pixels alone whose channels are all exactly 0.

    On a CPU an image without such pixels costs no noise; a GPU makes the noise of
    all, as asking for them would wait for its queue.
    """

    def fill(y_BCHW: Tensor, rows: npt.NDArray[np.intp]) -> Tensor:
        noise = normal(keys[rows], y_BCHW.shape[1:], y_BCHW.device).mul_(sigma).mul_(_background(y_BCHW))
        return y_BCHW.add_(noise).clamp_(0.0, 1.0)

    if x_BCHW.device.type != "cpu":
        return fill(x_BCHW, np.arange(len(keys)))
    return on_hit(x_BCHW, _background(x_BCHW).amax(dim=(1, 2, 3)).bool().numpy(), fill)


def _background(x_BCHW: Tensor) -> Tensor:
    """1 where all channels are 0, else 0; (B, 1, H, W). No value is negative, so their sum tells."""
    return x_BCHW.sum(dim=1, keepdim=True).eq_(0.0)


def normal(keys: npt.NDArray[np.int64], shape: torch.Size, device: torch.device) -> Tensor:
    """Standard normal numbers in float32, (B, *shape).

    Number i and number i + n/2 of an image's n are the cosine and the sine of one pair of words.
    """
    length, angle = _units(keys, shape, device)
    radius = length.add_(UNIT).log_().mul_(-2.0).sqrt_()
    angle.mul_(2.0 * math.pi)
    return _as_images(radius * angle.cos(), radius * angle.sin(), shape)


def uniform(keys: npt.NDArray[np.int64], shape: torch.Size, device: torch.device) -> Tensor:
    """Numbers in [0, 1) in float32, (B, *shape); number i and number i + n/2 are one pair of words."""
    return _as_images(*_units(keys, shape, device), shape)


def _units(keys: npt.NDArray[np.int64], shape: torch.Size, device: torch.device) -> tuple[Tensor, Tensor]:
    """The pairs of words of images of a shape, each word as a fraction in [0, 1)."""
    one, two = words(to_device(keys, device), -(-shape.numel() // 2))
    return _unit(one), _unit(two)


def _as_images(first: Tensor, second: Tensor, shape: torch.Size) -> Tensor:
    """First numbers, then second ones, cut to what the shape holds."""
    return torch.cat([first, second], dim=1)[:, : shape.numel()].reshape(-1, *shape)


def words(keys: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Two random 32-bit words for each of `count` places under each key, in int64 of (B, count).

    With `mix` the hash below, they are h = mix(mix(place ^ key_0) + key_1) and
    mix(h ^ key_0 + 1), sums kept to 32 bits.
    """
    first, second = keys[:, :1], keys[:, 1:]
    place = torch.arange(count, device=keys.device)
    one = mix(mix(place ^ first).add_(second).bitwise_and_(MASK))
    return one, mix(one ^ ((first + 1) & MASK))


def mix(word: Tensor) -> Tensor:
    """A bijection of 32-bit words in which every bit depends on every other, in place.

    Three rounds of xor-shift and multiply; shifts and multipliers are among those
    that C. Wellons' hash-prospector found to have the least bias (0.021).
    """
    for shift, multiplier in ROUNDS:
        word.bitwise_xor_(word >> shift).mul_(multiplier).bitwise_and_(MASK)
    return word.bitwise_xor_(word >> LAST_SHIFT)


def _unit(word: Tensor) -> Tensor:
    """The word's upper 24 bits, which float32 holds exactly, as a fraction in [0, 1)."""
    return (word >> 8).to(torch.float32).mul_(UNIT)
