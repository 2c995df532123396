"""Which nuclei a patch holds, and where: the only part that the tissue governs.

Lengths are in um on a field of `FIELD` x `FIELD`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic.spec import CONNECTIVE, DEAD, EPITHELIAL, FIELD, INFLAMMATORY, NEOPLASTIC, NUCLEI

EPITHELIAL_TOTAL = (9, 12)
NEOPLASTIC_COUNT = ((0, 1), (4, 5), (8, 9))
"""Neoplastic nuclei, from and to, for each tissue. The total does not depend on the tissue."""

RING, NEST, LOOSE = range(3)
ARRANGEMENT = ((0.6, 0.2, 0.2), (0.2, 0.2, 0.6), (0.2, 0.6, 0.2))
"""Chances of a gland's ring, a solid nest and a loose spread of the epithelial nuclei, for each tissue."""

OTHERS = {INFLAMMATORY: 11, CONNECTIVE: 9, DEAD: 3}
"""The most of each further type; any number up to it is equally likely, whatever the tissue."""

RADII = {
    NEOPLASTIC: (4.3, 3.8),
    EPITHELIAL: (3.75, 3.3),
    INFLAMMATORY: (2.5, 2.4),
    CONNECTIVE: (5.2, 1.5),
    DEAD: (2.3, 1.8),
}
"""Long and short half axis of each type."""

TRIES = 24
"""Places proposed for each nucleus."""

MARGIN = 2.5
"""From a nucleus's middle to the edge of the patch, at least."""

NEAR = 0.5
"""A gap that is wide enough: the first such place is taken."""


@dataclass(frozen=True)
class Nuclei:
    """The nuclei of a patch, as arrays of one length.

    Attributes:
        kind: Type ids, 1 to 5.
        centre: (n, 2), x and y.
        radii: (n, 2), long and short half axis.
        angle: Of the long axis against x, in radians.
    """

    kind: NDArray[np.int64]
    centre: NDArray[np.float64]
    radii: NDArray[np.float64]
    angle: NDArray[np.float64]

    def most_common(self) -> int:
        """The most common type by number of nuclei: the lowest id of a tie, Background where there is none."""
        return int(np.bincount(self.kind, minlength=len(NUCLEI)).argmax()) if len(self.kind) else 0


@dataclass(frozen=True)
class Layout:
    """Nuclei and what they leave: `lumen` is the centre and radius of a gland's opening, or None."""

    nuclei: Nuclei
    lumen: tuple[float, float, float] | None


@dataclass(frozen=True)
class Gland:
    """Where the epithelial cells of a patch gather: about `middle`, a ring at `radius` from it."""

    arrangement: int
    middle: NDArray[np.float64]
    radius: float

    @property
    def lumen(self) -> tuple[float, float, float] | None:
        """The opening of a ring."""
        x, y = self.middle
        return (float(x), float(y), self.radius - 5.0) if self.arrangement == RING else None

    def propose(self, rng: np.random.Generator, kind: int) -> NDArray[np.float64]:
        """`TRIES` places for a nucleus, (TRIES, 2)."""
        if kind not in (NEOPLASTIC, EPITHELIAL) or self.arrangement == LOOSE:
            return rng.uniform(MARGIN, FIELD - MARGIN, (TRIES, 2))
        if self.arrangement == NEST:
            return np.clip(self.middle + rng.normal(0.0, 7.5, (TRIES, 2)), MARGIN, FIELD - MARGIN)
        turn = rng.uniform(0.0, 2 * np.pi, TRIES)
        ring = self.radius * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        return np.clip(self.middle + ring + rng.normal(0.0, 0.7, (TRIES, 2)), MARGIN, FIELD - MARGIN)

    def room(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far places are from a ring's opening: below zero within it."""
        if self.arrangement != RING:
            return np.full(len(places), np.inf)
        away: NDArray[np.float64] = np.linalg.norm(places - self.middle, axis=1)
        return away - self.radius + 2.0


def layout(rng: np.random.Generator, tissue: int, fibre_angle: float) -> Layout:
    """Draw the nuclei of a patch.

    Args:
        rng: The patch's own stream.
        tissue: Index into `TISSUES`.
        fibre_angle: Direction of the stroma, which connective nuclei follow.

    Returns:
        The nuclei, and the lumen where they form a gland.
    """
    arrangement = int(rng.choice(3, p=ARRANGEMENT[tissue]))
    gland = Gland(arrangement, rng.uniform(17.0, FIELD - 17.0, 2), rng.uniform(10.5, 13.0))
    kinds = _kinds(rng, tissue)
    count = len(kinds)
    sizes = rng.lognormal(0.0, 0.10) * rng.lognormal(0.0, 0.07, (count, 1)) * rng.lognormal(0.0, 0.06, (count, 2))
    radii = np.array([RADII[kind] for kind in kinds]) * sizes
    centre = _placed(rng, kinds, radii.mean(axis=1), gland)
    along = fibre_angle + rng.normal(0.0, 0.25, count)
    angle = np.where(kinds == CONNECTIVE, along, rng.uniform(0.0, np.pi, count))
    return Layout(Nuclei(kinds, centre, radii, angle), gland.lumen)


def _kinds(rng: np.random.Generator, tissue: int) -> NDArray[np.int64]:
    """Types of all nuclei; the epithelial ones come first, in random order."""
    total = rng.integers(*EPITHELIAL_TOTAL, endpoint=True)
    positive = rng.integers(*NEOPLASTIC_COUNT[tissue], endpoint=True)
    epithelial = rng.permutation([NEOPLASTIC] * positive + [EPITHELIAL] * (total - positive))
    others = [kind for kind, most in OTHERS.items() for _ in range(rng.integers(0, most, endpoint=True))]
    return np.array([*epithelial, *others], dtype=np.int64)


def _placed(
    rng: np.random.Generator, kinds: NDArray[np.int64], size: NDArray[np.float64], gland: Gland
) -> NDArray[np.float64]:
    """One nucleus after the other, each at the proposal that overlaps its elders least; (n, 2)."""
    centre = np.empty((len(kinds), 2))
    for index, kind in enumerate(kinds):
        places = gland.propose(rng, kind)
        gap = np.minimum(_gap(places, centre[:index], size[:index] + size[index]), gland.room(places))
        centre[index] = places[np.argmax(np.minimum(gap, NEAR))]
    return centre


def _gap(places: NDArray[np.float64], centre: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance from each place to its nearest elder, less both their sizes."""
    away: NDArray[np.float64] = np.linalg.norm(places[:, None] - centre[None], axis=2) - reach
    least: NDArray[np.float64] = away.min(axis=1, initial=np.inf)
    return least
