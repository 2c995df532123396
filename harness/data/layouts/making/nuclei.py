"""Where nuclei lie: a few plans that all patches share, each nucleus typed anew for every patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLANS = 24
CELLS = 6
"""Nuclei stand one in each of CELLS x CELLS squares, so that none touch."""
NUMBER = CELLS * CELLS
CENTRAL = 224 / 256
"""CoNIC counts the nuclei of a patch's central part alone."""


@dataclass(frozen=True)
class Plan:
    """Places of nuclei.

    Attributes:
        map: (size, size), the nucleus that each pixel lies in, 1 to NUMBER, 0 for none.
        central: (NUMBER + 1,), whether a nucleus reaches into the central part of the patch.
    """

    map: NDArray[np.uint8]
    central: NDArray[np.bool_]


def plans(seed: int, size: int) -> list[Plan]:
    """The plans of a set."""
    return [_plan(np.random.default_rng([seed, 2, number]), size) for number in range(PLANS)]


def _plan(rng: np.random.Generator, size: int) -> Plan:
    cell = np.arange(size) * CELLS // size
    number = cell[:, None] * CELLS + cell[None, :]
    side = size / CELLS
    radius = rng.uniform(0.2, 0.36, NUMBER) * side
    y, x = ((np.arange(NUMBER).reshape(CELLS, CELLS) // CELLS).ravel(), np.arange(NUMBER) % CELLS)
    slack = np.maximum(side / 2 - radius - 1, 0)
    down, right = (
        (place + 0.5) * side + rng.uniform(-1, 1, NUMBER) * slack for place in (y.astype(float), x.astype(float))
    )
    ticks = np.arange(size) + 0.5
    away = np.hypot(ticks[:, None] - down[number], ticks[None, :] - right[number])
    found = np.where(away < radius[number], number + 1, 0).astype(np.uint8)
    margin = round(size * (1 - CENTRAL) / 2)
    inner = found[margin : size - margin, margin : size - margin]
    return Plan(found, np.isin(np.arange(NUMBER + 1), inner))


def typed(rng: np.random.Generator, weights: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A type for each nucleus.

    Args:
        rng: The patch's own stream.
        weights: How often each type is met, the first for a place that stays empty; they sum to 1.

    Returns:
        (NUMBER + 1,), the type of each nucleus, 0 where there is none; of the ground, too.
    """
    types = np.searchsorted(np.cumsum(weights), rng.random(NUMBER), side="right")
    return np.concatenate([[0], np.minimum(types, len(weights) - 1)]).astype(np.uint8)
