"""Nuclei as stamps: how much haematoxylin each one takes, and what it looks like within.

Neoplastic nuclei have one coarse nucleolus, the other epithelial ones a few finer
clumps. Both patterns are scaled to one mean and one strength, so that neither the
colour nor the darkness of a patch tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.data.synthetic.fields import Field, grid
from harness.data.synthetic.layout import FIELD, Nuclei
from harness.data.synthetic.spec import CONNECTIVE, DEAD, EPITHELIAL, INFLAMMATORY, NEOPLASTIC

DENSITY = {NEOPLASTIC: 0.95, INFLAMMATORY: 1.45, CONNECTIVE: 1.1, DEAD: 1.7, EPITHELIAL: 0.95}
"""Haematoxylin of each type."""

RIM = {NEOPLASTIC: 0.35, INFLAMMATORY: 0.1, CONNECTIVE: 0.15, DEAD: 0.0, EPITHELIAL: 0.35}
"""How much darker the membrane is than the middle."""


@dataclass(frozen=True)
class Grain:
    """Spots of chromatin.

    Attributes:
        count: Spots, from and to.
        width: Sigma of a spot in um, from and to.
        reach: How far from the middle they lie, as a share of the radius.
    """

    count: tuple[int, int]
    width: tuple[float, float]
    reach: float


GRAIN = {
    NEOPLASTIC: Grain((1, 1), (0.95, 1.15), 0.35),
    EPITHELIAL: Grain((3, 4), (0.65, 0.85), 0.65),
    INFLAMMATORY: Grain((3, 5), (0.5, 0.7), 0.7),
    CONNECTIVE: Grain((0, 2), (0.5, 0.7), 0.5),
    DEAD: Grain((0, 0), (1.0, 1.0), 0.0),
}
GRAIN_STRENGTH = {NEOPLASTIC: 0.22, EPITHELIAL: 0.22, INFLAMMATORY: 0.15, CONNECTIVE: 0.1, DEAD: 0.0}
"""Standard deviation of the pattern within a nucleus, as a share of its haematoxylin."""


@dataclass(frozen=True)
class Stamp:
    """One nucleus on its own small window.

    Attributes:
        window: Rows and columns of the full grid.
        cover: 0 to 1, the share of each pixel within the nucleus.
        density: Haematoxylin where it is covered.
    """

    window: tuple[slice, slice]
    cover: Field
    density: Field


def stamps(rng: np.random.Generator, nuclei: Nuclei, side: int, coarseness: float) -> list[Stamp]:
    """Draw every nucleus.

    Args:
        rng: The patch's own stream.
        nuclei: What to draw.
        side: Of the full grid, in px.
        coarseness: Multiplies the strength of every pattern: fixation differs from patch to patch.
    """
    x, y = grid(side)
    return [_stamp(rng, nuclei, index, x, y, coarseness) for index in range(len(nuclei.kind))]


def _stamp(rng: np.random.Generator, nuclei: Nuclei, index: int, x: Field, y: Field, coarseness: float) -> Stamp:
    centre, radii, kind = nuclei.centre[index], nuclei.radii[index], int(nuclei.kind[index])
    window = _window(centre, 1.35 * float(radii.max()), len(x))
    cos, sin = np.cos(nuclei.angle[index]), np.sin(nuclei.angle[index])
    right, down = x[window] - centre[0], y[window] - centre[1]
    along, aside = right * cos + down * sin, down * cos - right * sin
    depth = 1.0 - np.hypot(along / radii[0], aside / radii[1]) * _outline(rng, along, aside)
    cover = np.clip(depth * radii[1] / (FIELD / len(x)) + 0.5, 0.0, 1.0)
    pattern = RIM[kind] * (np.exp(-((depth / 0.18) ** 2)) - 0.35)
    pattern = pattern + coarseness * GRAIN_STRENGTH[kind] * _grain(rng, GRAIN[kind], along, aside, radii, cover)
    strength = DENSITY[kind] * rng.lognormal(0.0, 0.12)
    return Stamp(window, cover.astype(np.float32), (strength * np.maximum(1.0 + pattern, 0.1)).astype(np.float32))


def _window(centre: np.ndarray, reach: float, side: int) -> tuple[slice, slice]:
    scale = side / FIELD
    low = np.maximum(np.floor((centre - reach) * scale), 0).astype(int)
    high = np.minimum(np.ceil((centre + reach) * scale), side).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _outline(rng: np.random.Generator, along: Field, aside: Field) -> Field:
    """A slightly irregular outline, as a factor on the distance from the middle."""
    turn = np.arctan2(aside, along)
    (two, three), (phase, shift) = rng.normal(0.0, 0.05, 2), rng.uniform(0.0, 2 * np.pi, 2)
    return (1.0 + two * np.cos(2 * turn + phase) + three * np.cos(3 * turn + shift)).astype(np.float32)


def _grain(
    rng: np.random.Generator, grain: Grain, along: Field, aside: Field, radii: np.ndarray, cover: Field
) -> Field:
    """The pattern of chromatin, with mean 0 and variance 1 over the nucleus."""
    pattern = np.zeros_like(cover)
    count = rng.integers(*grain.count, endpoint=True)
    turn, phase = rng.uniform(0.0, 2 * np.pi), rng.uniform(0.0, 0.9, count)
    for spot in range(count):
        angle, away = turn + 2 * np.pi * (spot + 0.5 * phase[spot]) / count, grain.reach * rng.uniform(0.7, 1.0)
        right, down = along - away * radii[0] * np.cos(angle), aside - away * radii[1] * np.sin(angle)
        pattern += np.exp(-(right**2 + down**2) / (2 * rng.uniform(*grain.width) ** 2))
    weight = cover.sum() + 1e-6
    pattern = pattern - (pattern * cover).sum() / weight
    return pattern / np.sqrt((pattern**2 * cover).sum() / weight + 1e-6)
