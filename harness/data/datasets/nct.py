"""NCT-CRC-HE-100K and CRC-VAL-HE-7K: patches of colorectal tissue in nine classes (Kather et al. 2018).

Zenodo 1214456, CC BY 4.0; H&E, 224 px at 0.5 um/px. The folder holds what the archives
unpack to, one folder a set and in it one a class::

    root/
        NCT-CRC-HE-100K/ADI/ADI-AAAFLCLY.tif ...    100,000 patches of 86 slides, stain-normalised
        NCT-CRC-HE-100K-NONORM/ADI/*.tif ...        100,000 of the same slides as they were scanned
        CRC-VAL-HE-7K/ADI/ADI-TCGA-*.tif ...        7,180 patches of 50 other patients

The first, or the second, trains, and the last one tests, as in the paper. Which patch is
of which patient was not published, so every patch is a group of its own: intervals over
patches are too narrow, and no split within a training set is safe.

A patch's id is `SET/CLASS/NAME`, whatever else lies there. The patches of the two training
sets were drawn anew from the slides and are not the same tissue, so they share no id.

The paper counts 7,177 test patches, one ADI, one MUC and one TUM fewer; all 7,180 are used here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from harness.data.datasets import Dataset
from harness.data.files import images_in
from harness.data.manifest import Label, Manifest, Modality
from harness.data.twin import is_synthetic
from harness.errors import DataError

CLASSES = ("ADI", "BACK", "DEB", "LYM", "MUC", "MUS", "NORM", "STR", "TUM")
TRAINING, UNNORMALISED, TESTING = "NCT-CRC-HE-100K", "NCT-CRC-HE-100K-NONORM", "CRC-VAL-HE-7K"
COUNTS = {
    TRAINING: dict(zip(CLASSES, (10407, 10566, 11512, 11557, 8896, 13536, 8763, 10446, 14317), strict=True)),
    UNNORMALISED: {"in all": 100_000},
    TESTING: dict(zip(CLASSES, (1338, 847, 339, 634, 1035, 592, 741, 421, 1233), strict=True)),
}
"""Patches as published; of the set without normalisation the sum alone."""
NOTE = "NCT-CRC-HE-100K and CRC-VAL-HE-7K, Zenodo 1214456, CC BY 4.0"


class Nct(Dataset, name="nct"):
    """The data set of a folder laid out as this module's text says.

    Attributes:
        training: The set that trains; None takes the test set alone.
        complete: Whether the sets must hold the published numbers of patches. False is for
            a part of them, whose results are no results on NCT.
    """

    training: Literal["NCT-CRC-HE-100K", "NCT-CRC-HE-100K-NONORM"] | None = "NCT-CRC-HE-100K"
    complete: bool = True

    def read(self) -> Manifest:
        """The manifest of both sets, patches in the order of their ids."""
        folder = self.folder
        sets = [name for name in (self.training, TESTING) if name is not None]
        found = {name: file for one in sets for name, file in self._patches(folder / one).items()}
        ids = sorted(found)
        tissue = np.array([CLASSES.index(name.split("/")[1]) for name in ids], dtype=np.int64)
        return Manifest(
            name="nct-nonorm" if self.training == UNNORMALISED else "nct",
            ids=tuple(ids),
            groups=tuple(ids),
            group_kind="patch",
            splits=tuple("test" if name.startswith(f"{TESTING}/") else "train" for name in ids),
            modalities={"he": Modality("he", "image", tuple(found[name] for name in ids))},
            labels={"tissue": Label("tissue", CLASSES, tissue, ("he",))},
            synthetic=is_synthetic(folder),
            note=NOTE,
        )

    def _patches(self, folder: Path) -> dict[str, Path]:
        """The files of one set by their ids."""
        found = {
            f"{folder.name}/{tissue}/{stem}": file
            for tissue in CLASSES
            for stem, file in images_in(folder / tissue).items()
        }
        if not found:
            raise DataError(
                f"{str(folder)!r} " + ("holds no images of a class" if folder.is_dir() else "is not there"),
                where="data.root, data.training",
                legal=f"folders {', '.join(CLASSES)} of images in {folder.name}",
                mend="set data.root=PATH, or data.training=null to take the test set alone",
            )
        if self.complete:
            _check_counts(folder, [name.split("/")[1] for name in found])
        return found


def _check_counts(folder: Path, tissues: Sequence[str]) -> None:
    published, tally = COUNTS[folder.name], Counter(tissues)
    found = {name: tally[name] if name in CLASSES else len(tissues) for name in published}
    wrong = {name: count for name, count in found.items() if count != published[name]}
    if wrong:
        raise DataError(
            f"the set {folder.name} is not whole: {_worded(wrong)}",
            where=str(folder),
            legal=_worded({name: published[name] for name in wrong}),
            mend="fetch it again, or set data.complete=false to work on a part",
        )


def _worded(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
