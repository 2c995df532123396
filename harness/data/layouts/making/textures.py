"""Textures that are made once and cut anew for every patch: what makes a twin cheap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPREAD = 12.0
"""Standard deviation of the grain, in steps of 255."""
COARSE = 12
"""Lattice points a side of the smooth field."""


class Textures:
    """Fields twice as large as a patch, of which every patch sees a part of its own.

    Args:
        seed: Of the fields.
        size: Side of a patch in px.
    """

    def __init__(self, seed: int, size: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self.size = size
        side = 2 * size
        smooth = _stretched(rng.standard_normal((COARSE, COARSE)), side)
        fine = rng.standard_normal((side, side))
        self.grain: NDArray[np.int16] = np.rint(SPREAD * (0.8 * fine + 0.6 * smooth)).astype(np.int16)
        self.rank: NDArray[np.uint8] = _ranks(smooth + 0.15 * fine)

    def cut(self, rng: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """A part of the grain, of mean 0, and the same part of the ranks, each (size, size).

        Where the ranks are below 256 p lies about a share p of the pixels, in blobs.
        """
        down, right = rng.integers(0, self.size + 1, 2).tolist()
        window = (slice(down, down + self.size), slice(right, right + self.size))
        return self.grain[window], self.rank[window]


def _stretched(lattice: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """A lattice of values made larger, linear between its points."""
    at = np.linspace(0, len(lattice) - 1, side)
    low = np.minimum(at.astype(np.int64), len(lattice) - 2)
    part = (at - low)[:, None]
    rows = lattice[low] * (1 - part) + lattice[low + 1] * part
    wide: NDArray[np.float64] = rows[:, low] * (1 - part.T) + rows[:, low + 1] * part.T
    return wide


def _ranks(field: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Each value's rank among all, from 0 to 255."""
    order = np.empty(field.size, np.int64)
    order[np.argsort(field, axis=None, kind="stable")] = np.arange(field.size)
    ranks: NDArray[np.uint8] = (order * 256 // field.size).astype(np.uint8).reshape(field.shape)
    return ranks
