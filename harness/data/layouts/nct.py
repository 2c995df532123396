"""A twin of NCT-CRC-HE-100K and CRC-VAL-HE-7K: class folders of TIFF, uncompressed as the real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from harness.data.datasets.nct import CLASSES, COUNTS, TESTING, TRAINING
from harness.data.layouts import Twin
from harness.data.layouts.making.paint import Painter, save
from harness.data.layouts.making.sharing import shared, split_sizes
from harness.data.nuclei import TYPES
from harness.data.nuclei.folder import PatchNuclei, write_nuclei

GROUNDS = {
    "ADI": (238, 232, 240), "BACK": (245, 246, 246), "DEB": (190, 160, 190), "LYM": (160, 140, 200),
    "MUC": (200, 205, 225), "MUS": (215, 130, 175), "NORM": (205, 170, 205), "STR": (225, 165, 200),
    "TUM": (180, 125, 180),
}  # fmt: skip
"""The colour between the nuclei, by class."""
NUCLEI = {
    "ADI": (20, 0, 1, 2, 0, 0), "BACK": (1, 0, 0, 0, 0, 0), "DEB": (8, 1, 1, 0, 4, 0), "LYM": (3, 0, 10, 1, 1, 0),
    "MUC": (10, 1, 2, 2, 1, 1), "MUS": (8, 0, 1, 6, 0, 0), "NORM": (5, 0, 2, 1, 0, 8), "STR": (7, 1, 2, 6, 0, 0),
    "TUM": (4, 10, 1, 1, 0, 1),
}  # fmt: skip
"""How often each type of nucleus is met, the first for none, by class."""
LETTERS = 26
STRIDE = 104_729 * 9_973
"""Coprime with 26: the names of 26 ** 8 patches differ, and neighbours look unlike."""


class NctTwin(Twin, name="nct"):
    """A twin of the two sets, its classes in their proportions: 107,180 patches are as many of each as published.

    Attributes:
        training: The folder that trains; None makes the test set alone.
        nuclei: Whether to make a folder `nuclei` of masks, too, for `data.nuclei`.
    """

    patches: int = Field(default=180, ge=len(CLASSES))
    size: int = Field(default=224, ge=16, le=1024)
    training: Literal["NCT-CRC-HE-100K", "NCT-CRC-HE-100K-NONORM"] | None = "NCT-CRC-HE-100K"
    nuclei: bool = False

    @model_validator(mode="after")
    def _enough(self) -> Self:
        least = len(CLASSES) * (1 if self.training is None else 2)
        if self.patches < least:
            raise ValueError(f"patches {self.patches} are too few: at least {least}, one of each class in each set")
        return self

    def fill(self, folder: Path) -> None:
        """See `Twin.fill`."""
        painter = Painter(self.seed, self.size)
        made = (self._made(painter, number, name, folder) for number, name in enumerate(self._ids()))
        if self.nuclei:
            write_nuclei(folder / "nuclei", made, {"synthetic": True})
        else:
            for _ in made:
                pass

    def _ids(self) -> list[str]:
        """Every patch's id, set by set and class by class."""
        if self.training is None:
            sizes = {TESTING: self.patches}
        else:
            counts = [sum(COUNTS[name].values()) for name in (TRAINING, TESTING)]
            train, test = split_sizes(self.patches, (counts[0], counts[1]), len(CLASSES))
            sizes = {self.training: train, TESTING: test}
        drawn = [
            (name, tissue)
            for name, size in sizes.items()
            for tissue, count in shared(size, COUNTS[TESTING if name == TESTING else TRAINING]).items()
            for _ in range(count)
        ]
        return [f"{name}/{tissue}/{_stem(name, tissue, at)}" for at, (name, tissue) in enumerate(drawn)]

    def _made(self, painter: Painter, number: int, name: str, folder: Path) -> PatchNuclei:
        """Write one patch; its nuclei."""
        tissue = name.split("/")[1]
        patch = painter.patch(number, NUCLEI[tissue])
        path = folder / f"{name}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(patch.he(GROUNDS[tissue]), path)
        counts = np.bincount(patch.types, minlength=len(TYPES))[1:]
        return PatchNuclei(name, patch.mask, counts)


def _stem(name: str, tissue: str, number: int) -> str:
    """A file's name as the real ones look: ADI-TCGA-EENSRDNW in the test set, ADI-AAAFLCLY in the others."""
    code = (number + 1) * STRIDE % LETTERS**8
    letters = "".join(chr(ord("A") + code // LETTERS**place % LETTERS) for place in range(8))
    return f"{tissue}-TCGA-{letters}" if name == TESTING else f"{tissue}-{letters}"
