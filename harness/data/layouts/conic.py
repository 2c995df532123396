"""A twin of CoNIC: two arrays and two tables, row i of each the same patch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.data.datasets.conic import CLASSES, COUNTS, IMAGES, LABELS, NAMES
from harness.data.layouts import Twin
from harness.data.layouts.making.paint import Painter, Patch
from harness.data.layouts.making.tables import write_table

COHORTS = ("consep", "crag", "dpath", "glas", "pannuke")
GROUNDS = ((200, 170, 205), (185, 135, 190), (170, 150, 205), (215, 170, 200), (225, 160, 180), (225, 165, 200))
"""The colour between the nuclei, by the type that is to be the commonest."""
BARE = 50
"""Every so many patches, one has no nucleus."""


class ConicTwin(Twin, name="conic"):
    """A twin of CoNIC; the commonest type of nucleus goes round the six.

    Attributes:
        sources: Number of source images, which the patches go round.
    """

    sources: int = Field(default=20, ge=2)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.patches < self.sources:
            raise ValueError(f"patches {self.patches} are too few for {self.sources} sources: one each is needed")
        return self

    def fill(self, folder: Path) -> None:
        """See `Twin.fill`."""
        painter = Painter(self.seed, self.size)
        shape = (self.patches, self.size, self.size)
        images = open_memmap(folder / IMAGES, "w+", np.dtype(np.uint8), (*shape, 3))
        labels = open_memmap(folder / LABELS, "w+", np.dtype(np.uint16), (*shape, 2))
        counts = []
        for row in range(self.patches):
            patch = painter.patch(row, _weights(row))
            images[row] = patch.he(GROUNDS[_kind(row)])
            labels[row] = _labels(patch)
            counts.append(_counts(patch))
        images.flush()
        labels.flush()
        write_table(folder / COUNTS, counts)
        write_table(folder / NAMES, [{"patch_info": self._name(row)} for row in range(self.patches)])

    def _name(self, row: int) -> str:
        """A patch's name, as consep_1-0000; the rows go from source to source."""
        source = row * self.sources // self.patches
        first = -(-source * self.patches // self.sources)
        return f"{COHORTS[source % len(COHORTS)]}_{source // len(COHORTS) + 1}-{row - first:04d}"


def _kind(row: int) -> int:
    """The type, from 0, that is to be the commonest of a patch."""
    return row % len(CLASSES)


def _weights(row: int) -> list[int]:
    """How often each type is met, the first for none."""
    if row % BARE == BARE - 1:
        return [1] + [0] * len(CLASSES)
    return [8] + [10 if kind == _kind(row) else 1 for kind in range(len(CLASSES))]


def _labels(patch: Patch) -> NDArray[np.uint16]:
    """(size, size, 2): the nuclei numbered from 1 without a gap, and their types."""
    there = patch.types > 0
    number = np.where(there, np.cumsum(there), 0)
    found: NDArray[np.uint16] = np.stack([number, patch.types], axis=-1).astype(np.uint16)[patch.plan.map]
    return found


def _counts(patch: Patch) -> Mapping[str, str]:
    """A row of the counts: of the nuclei that reach into the central part."""
    seen = patch.types[patch.plan.central]
    tally = np.bincount(seen, minlength=len(CLASSES) + 1)[1:]
    return {name.lower(): str(count) for name, count in zip(CLASSES, tally.tolist(), strict=True)}
