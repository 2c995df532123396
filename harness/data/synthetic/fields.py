"""Smooth random fields on a square grid: the stuff that stroma, mottling and dirt are made of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic.spec import FIELD

Field = NDArray[np.float32]

OVERSAMPLING = 2
"""Pixels of the grid a side for each pixel of a patch."""


def grid(side: int) -> tuple[Field, Field]:
    """The x and y of every pixel's middle, in um, each (side, side)."""
    ticks = ((np.arange(side, dtype=np.float32) + 0.5) * (FIELD / side)).astype(np.float32)
    x, y = np.meshgrid(ticks, ticks, indexing="xy")
    return x, y


def blur(field: Field, sigma: float) -> Field:
    """A Gaussian blur of the last two axes, periodic.

    Args:
        field: (..., side, side).
        sigma: In um.

    Returns:
        A field of the same shape.
    """
    spectrum = np.fft.rfft2(field) * _transfer(field.shape[-1], sigma)
    blurred: Field = np.fft.irfft2(spectrum, s=field.shape[-2:]).astype(np.float32)
    return blurred


def noise(rng: np.random.Generator, side: int, length: float) -> Field:
    """Gaussian noise of unit variance, smooth over `length` um."""
    return _unit(blur(rng.standard_normal((side, side), dtype=np.float32), length))


def strands(rng: np.random.Generator, side: int, angle: float, width: float, bend: float) -> Field:
    """Wavy strands that run along `angle`, `width` um apart, of unit variance: collagen."""
    x, y = grid(side)
    across = y * np.cos(angle) - x * np.sin(angle) + bend * noise(rng, side, 9.0)
    table = np.convolve(rng.standard_normal(512), np.hanning(7), mode="same")
    line = np.interp(across / width + 256.0, np.arange(512), table)
    return _unit((line * (1.0 + 0.35 * noise(rng, side, 7.0))).astype(np.float32))


def disc(side: int, centre: tuple[float, float], radius: float, edge: float = 0.6) -> Field:
    """One inside a disc and zero outside, with an edge `edge` um wide."""
    x, y = grid(side)
    away = np.hypot(x - np.float32(centre[0]), y - np.float32(centre[1]))
    found: Field = np.clip((radius - away) / edge + 0.5, 0.0, 1.0).astype(np.float32)
    return found


def shrunk(field: Field) -> Field:
    """(..., height, width) averaged over squares of `OVERSAMPLING` pixels a side."""
    *front, height, width = field.shape
    squares = field.reshape(*front, height // OVERSAMPLING, OVERSAMPLING, width // OVERSAMPLING, OVERSAMPLING)
    found: Field = squares.mean((-3, -1))
    return found


def _unit(field: Field) -> Field:
    found: Field = field / (field.std() + np.float32(1e-6))
    return found


@lru_cache(maxsize=16)
def _transfer(side: int, sigma: float) -> Field:
    """A Gaussian's transfer function on the half plane that `rfft2` gives."""
    step = FIELD / side
    rows, columns = np.fft.fftfreq(side, step)[:, None], np.fft.rfftfreq(side, step)[None]
    found: Field = np.exp(-2.0 * (np.pi * sigma) ** 2 * (rows**2 + columns**2)).astype(np.float32)
    return found
