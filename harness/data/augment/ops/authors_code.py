"""Table S1 as the authors' code has it; what differs from the paper's form is here.

Values are on 0 to 1 where their code has 0 to 255: contrast, saturation and hue do
not know the scale, and what is added or compared is divided by 255.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.ops.crop import flip_and_crop
from harness.data.augment.ops.draws import Draws
from harness.data.augment.ops.hue import TINY, adjust_hue
from harness.data.augment.ops.noise import uniform
from harness.data.augment.ops.rotation import rotate
from harness.data.augment.ops.solarize import solarize
from harness.data.augment.ops.transfer import on_hit, per_image

LEVELS = 255.0
NOISE_TOP = 256.0 / LEVELS


class Authors:
    """The operations of `TableS1Authors`, in their order."""

    def __call__(self, x_BHWC: Tensor, draws: Draws) -> Tensor:
        """See `harness.data.augment.ops.chain.Operations`."""
        x = flip_and_crop(x_BHWC, draws)
        x = on_hit(x, draws.noise, lambda y, at: fill_zeros(y, draws.noise_key[at]))
        x = on_hit(x, draws.rotation, lambda y, at: rotate(y, draws.angle[at], "nearest"))
        x = on_hit(x, draws.solarize, lambda y, at: solarize(y, draws.threshold[at]))
        return on_hit(x, draws.jitter, lambda y, at: jitter(y, draws, at))


def fill_zeros(x_BCHW: Tensor, keys: npt.NDArray[np.int64]) -> Tensor:
    """A number from 0 to 256 / 255 in place of every exact zero, in place; each channel is looked at alone."""

    def fill(y_BCHW: Tensor, rows: npt.NDArray[np.intp]) -> Tensor:
        noise = uniform(keys[rows], y_BCHW.shape[1:], y_BCHW.device).mul_(NOISE_TOP)
        return y_BCHW.add_(noise.mul_(y_BCHW == 0.0))

    if x_BCHW.device.type != "cpu":
        return fill(x_BCHW, np.arange(len(keys)))
    return on_hit(x_BCHW, (x_BCHW == 0.0).flatten(1).any(dim=1).numpy(), fill)


def jitter(x_BCHW: Tensor, draws: Draws, rows: npt.NDArray[np.intp]) -> Tensor:
    """Brightness, contrast, saturation and hue, in this order and in place, and nothing cut between them."""
    parts = np.stack([draws.brightness / LEVELS, draws.contrast, draws.saturation, draws.hue])[:, rows]
    brightness, contrast, saturation, hue = (per_image(part, x_BCHW.device) for part in parts)
    x = x_BCHW.add_(brightness)
    return adjust_hue(adjust_saturation(adjust_contrast(x, contrast), saturation), hue)


def adjust_contrast(x_BCHW: Tensor, factor: Tensor) -> Tensor:
    """Each channel drawn to or from its own mean, in place; factors are (B, 1, 1, 1)."""
    mean = x_BCHW.mean(dim=(2, 3), keepdim=True)
    return x_BCHW.sub_(mean).mul_(factor).add_(mean)


def adjust_saturation(x_BCHW: Tensor, factor: Tensor) -> Tensor:
    """The saturation of HSV times its factor, at most 1, in place.

    Value v and hue stay, so each channel's distance below v is scaled alike: by the
    factor, but by no more than brings the smallest channel to 0. A pixel whose largest
    channel is not above 0 has no saturation and becomes grey, as in TensorFlow.
    """
    if x_BCHW.shape[1] == 1:
        return x_BCHW
    value = x_BCHW.amax(dim=1, keepdim=True)
    chroma = value - x_BCHW.amin(dim=1, keepdim=True)
    scale = torch.minimum(value.clamp_min(0.0).div_(chroma.clamp_min_(TINY)), factor)
    return x_BCHW.sub_(value).mul_(scale).add_(value)
