"""Which nuclei a patch holds, and where: the only part that the tissue governs.

Lengths are in um on a field of `FIELD` x `FIELD`, whatever the size of the patch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic.spec import CONNECTIVE, DEAD, EPITHELIAL, INFLAMMATORY, NEOPLASTIC, NUCLEI

FIELD = 48.0
EPITHELIAL_TOTAL = (9, 12)
NEOPLASTIC_COUNT = ((0, 1), (4, 5), (8, 9))
"""Neoplastic nuclei, from and to, for each tissue. The total does not depend on the tissue."""

RING, NEST, LOOSE = range(3)
ARRANGEMENT = ((0.6, 0.2, 0.2), (0.2, 0.2, 0.6), (0.2, 0.6, 0.2))
"""Chances of a gland's ring, a solid nest and a loose spread of the epithelial nuclei, for each tissue."""

OTHERS = {INFLAMMATORY: 11, CONNECTIVE: 9, DEAD: 3}
"""The most of each further type; any number up to it is equally likely, whatever the tissue."""

RADII = {NEOPLASTIC: (4.3, 3.8), EPITHELIAL: (3.75, 3.3), INFLAMMATORY: (2.5, 2.4), CONNECTIVE: (5.2, 1.5), DEAD: (2.3, 1.8)}
"""Long and short half axis of each type."""

TRIES = 24
MARGIN = 2.5

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]


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


def layout(rng: np.random.Generator, tissue: int, fibre_angle: float) -> Layout:
    """Draw the nuclei of a patch.

    Args:
        rng: The patch's own stream.
        tissue: Index into `TISSUES`.
        fibre_angle: Direction of the stroma, which connective nuclei follow.
    """
    arrangement = int(rng.choice(3, p=ARRANGEMENT[tissue]))
    middle = rng.uniform(17.0, FIELD - 17.0, 2)
    radius = rng.uniform(10.5, 13.0)
    kinds = _kinds(rng, tissue)
    sizes = rng.lognormal(0.0, 0.10) * rng.lognormal(0.0, 0.07, (len(kinds), 1))
    radii = np.array([RADII[kind] for kind in kinds]) * sizes * rng.lognormal(0.0, 0.06, (len(kinds), 2))
    where = _around(arrangement, middle, radius)
    centre = _placed(rng, kinds, radii.mean(axis=1), where, middle if arrangement == RING else None, radius)
    angle = rng.uniform(0.0, np.pi, len(kinds))
    along = fibre_angle + rng.normal(0.0, 0.25, len(kinds))
    nuclei = Nuclei(kinds, centre, radii, np.where(kinds == CONNECTIVE, along, angle))
    return Layout(nuclei, (*middle, radius - 5.0) if arrangement == RING else None)


def _kinds(rng: np.random.Generator, tissue: int) -> NDArray[np.int64]:
    """Types of all nuclei; the epithelial ones come first, in random order."""
    total = rng.integers(*EPITHELIAL_TOTAL, endpoint=True)
    positive = rng.integers(*NEOPLASTIC_COUNT[tissue], endpoint=True)
    epithelial = rng.permutation([NEOPLASTIC] * positive + [EPITHELIAL] * (total - positive))
    others = [kind for kind, most in OTHERS.items() for _ in range(rng.integers(0, most, endpoint=True))]
    return np.array([*epithelial, *others], dtype=np.int64)


def _around(arrangement: int, middle: NDArray[np.float64], radius: float) -> Sampler:
    """Where epithelial nuclei are proposed."""
    if arrangement == RING:
        return lambda rng, count: middle + radius * _unit(rng.uniform(0.0, 2 * np.pi, count)) + rng.normal(0, 0.7, (count, 2))
    if arrangement == NEST:
        return lambda rng, count: middle + rng.normal(0.0, 7.5, (count, 2))
    return _anywhere


def _anywhere(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.uniform(MARGIN, FIELD - MARGIN, (count, 2))


def _unit(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _placed(
    rng: np.random.Generator,
    kinds: NDArray[np.int64],
    size: NDArray[np.float64],
    epithelial: Sampler,
    opening: NDArray[np.float64] | None,
    radius: float,
) -> NDArray[np.float64]:
    """One nucleus after the other, each at the proposal that overlaps its elders least."""
    centre = np.empty((len(kinds), 2))
    for index, kind in enumerate(kinds):
        proposals = epithelial(rng, TRIES) if kind in (NEOPLASTIC, EPITHELIAL) else _anywhere(rng, TRIES)
        proposals = np.clip(proposals, MARGIN, FIELD - MARGIN)
        gap = _gap(proposals, centre[:index], size[:index] + size[index])
        if opening is not None:
            gap = np.minimum(gap, np.linalg.norm(proposals - opening, axis=1) - radius + 2.0)
        centre[index] = proposals[np.argmax(np.minimum(gap, 0.5))]
    return centre


def _gap(
    proposals: NDArray[np.float64], centre: NDArray[np.float64], reach: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The distance from each proposal to its nearest elder, less both their sizes."""
    if not len(centre):
        return np.full(len(proposals), np.inf)
    away = np.linalg.norm(proposals[:, None] - centre[None], axis=2)
    return (away - reach).min(axis=1)
