"""Nuclei as stamps: how much haematoxylin each one takes, and what it looks like within.

Neoplastic nuclei have a dark nucleolus in the middle, the other epithelial ones are
clear there; the two patterns are one another's negative, of mean 0 and one strength.
Besides, the neoplastic ones are a little larger and darker, which a colour histogram
can just see. The other types have patterns of either sign, whatever the tissue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic.fields import OVERSAMPLING, Field, grid
from harness.data.synthetic.layout import Nuclei
from harness.data.synthetic.spec import CONNECTIVE, DEAD, EPITHELIAL, FIELD, INFLAMMATORY, NEOPLASTIC


@dataclass(frozen=True)
class Chromatin:
    """The inside of a type of nucleus. Strengths are shares of its haematoxylin.

    Attributes:
        density: Haematoxylin, as an optical density.
        rim: How much darker the membrane is.
        clumps: Strength of the coarse grains, standard deviation.
        middle: Strength of the pattern in the middle, standard deviation: above zero dark, below zero clear.
        varies: Strength of such a pattern that differs from patch to patch, of either sign, whatever the tissue.
        width: Sigma of the pattern in the middle, as a share of the short half axis.
    """

    density: float
    rim: float
    clumps: float
    middle: float = 0.0
    varies: float = 0.0
    width: float = 0.37


CHROMATIN = {
    NEOPLASTIC: Chromatin(density=1.05, rim=0.15, clumps=0.12, middle=0.23),
    EPITHELIAL: Chromatin(density=0.85, rim=0.15, clumps=0.12, middle=-0.23),
    INFLAMMATORY: Chromatin(density=1.35, rim=0.1, clumps=0.12, varies=0.25),
    CONNECTIVE: Chromatin(density=1.1, rim=0.1, clumps=0.12, varies=0.25),
    DEAD: Chromatin(density=1.7, rim=0.0, clumps=0.0),
}


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


def stamps(rng: np.random.Generator, nuclei: Nuclei, side: int) -> list[Stamp]:
    """Draw every nucleus.

    Args:
        rng: The patch's own stream.
        nuclei: What to draw.
        side: Of the full grid, in px.

    Returns:
        A stamp for each nucleus, in their order.
    """
    x, y = grid(side)
    coarseness = rng.lognormal(0.0, 0.2)
    middles = {
        kind: coarseness * (type_.middle + type_.varies * rng.uniform(-1, 1)) for kind, type_ in CHROMATIN.items()
    }
    return [_stamp(rng, nuclei, index, x, y, middles) for index in range(len(nuclei.kind))]


def _stamp(
    rng: np.random.Generator, nuclei: Nuclei, index: int, x: Field, y: Field, middles: dict[int, float]
) -> Stamp:
    """One nucleus; `middles` holds the strength of the pattern in the middle for each type."""
    centre, radii, kind = nuclei.centre[index], nuclei.radii[index], int(nuclei.kind[index])
    window = _window(centre, 1.35 * float(radii.max()), len(x))
    cos, sin = np.cos(nuclei.angle[index]), np.sin(nuclei.angle[index])
    right, down = x[window] - centre[0], y[window] - centre[1]
    along, aside = (right * cos + down * sin) / radii[0], (down * cos - right * sin) / radii[1]
    depth = 1.0 - np.hypot(along, aside) * _outline(rng, along, aside)
    cover = np.clip(depth * radii[1] / (FIELD / len(x)) + 0.5, 0.0, 1.0)
    chromatin = CHROMATIN[kind]
    pattern = chromatin.rim * _even(np.exp(-((depth / 0.18) ** 2)), cover)
    pattern += chromatin.clumps * _even(_clumps(rng, along, aside), cover)
    pattern += middles[kind] * _even(_spot(along, aside, rng.normal(0.0, 0.08, 2), chromatin.width), cover)
    strength = chromatin.density * rng.lognormal(0.0, 0.12)
    return Stamp(window, cover.astype(np.float32), (strength * np.maximum(1.0 + pattern, 0.1)).astype(np.float32))


def _window(centre: NDArray[np.float64], reach: float, side: int) -> tuple[slice, slice]:
    """The rows and columns about a nucleus, whole pixels of the patch."""
    scale = side / FIELD / OVERSAMPLING
    low = np.maximum(np.floor((centre - reach) * scale), 0).astype(int) * OVERSAMPLING
    high = np.minimum(np.ceil((centre + reach) * scale).astype(int) * OVERSAMPLING, side)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _outline(rng: np.random.Generator, along: Field, aside: Field) -> Field:
    """A slightly irregular outline, as a factor on the distance from the middle."""
    turn = np.arctan2(aside, along)
    (two, three), (phase, shift) = rng.normal(0.0, 0.05, 2), rng.uniform(0.0, 2 * np.pi, 2)
    found: Field = 1.0 + two * np.cos(2 * turn + phase) + three * np.cos(3 * turn + shift)
    return found


def _clumps(rng: np.random.Generator, along: Field, aside: Field) -> Field:
    """Three to five grains about the middle."""
    count = int(rng.integers(3, 5, endpoint=True))
    turns = rng.uniform(0.0, 2 * np.pi) + 2 * np.pi * (np.arange(count) + rng.uniform(0.0, 0.5, count)) / count
    spots = [_spot(along, aside, 0.62 * np.array([np.cos(turn), np.sin(turn)]), 0.2) for turn in turns]
    found: Field = np.sum(spots, axis=0)
    return found


def _spot(along: Field, aside: Field, centre: NDArray[np.float64], width: float) -> Field:
    """A Gaussian; all in shares of the half axes."""
    found: Field = np.exp(-((along - centre[0]) ** 2 + (aside - centre[1]) ** 2) / (2 * width**2))
    return found


def _even(pattern: Field, cover: Field) -> Field:
    """The pattern with mean 0 and variance 1 over the nucleus."""
    weight = cover.sum() + 1e-6
    about = pattern - (pattern * cover).sum() / weight
    found: Field = about / np.sqrt((about**2 * cover).sum() / weight + 1e-6)
    return found
