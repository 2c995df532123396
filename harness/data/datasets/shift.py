"""SHIFT: H&E, washed off and stained again with pan-cytokeratin, 256 px (Burlingame et al. 2020).

Pancreatic cancer; the paper trains on it and probes on NCT, a transfer between organs.
The release came without a loader or a fixed layout, so this is what we expect, in one of
two forms::

    root/                        root/
        he/0001.png ...              pairs.csv
        panck/0001.png ...           wherever/0001_he.png ...

In the first, files that are named alike but for the suffix are a pair; every pair trains
and is a group of its own. In the second, `pairs.csv` has a row a pair, with the columns

id         a name of its own for every pair
he, panck  paths relative to the folder, or absolute
patient    where known: all pairs of a patient stand in one split
split      where wanted: train, val or test; all pairs train without it

and is taken where it is there, whatever folders lie beside it. There are no labels.
Images are 8-bit grey or RGB, square, and of one size within `he` and within `panck`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.data.checks import shown
from harness.data.datasets import Dataset
from harness.data.files import image_modality, images_in
from harness.data.manifest import Manifest
from harness.data.table import read_columns, read_table
from harness.data.twin import is_synthetic
from harness.errors import DataError

SIDES = ("he", "panck")
TABLE = "pairs.csv"
NOTE = "SHIFT, pancreatic cancer, H&E restained with pan-cytokeratin (Burlingame et al. 2020)"


class Shift(Dataset, name="shift"):
    """The data set of a folder laid out as this module's text says."""

    def read(self) -> Manifest:
        """The manifest of the table or of the two folders, pairs in the order of their ids."""
        folder = self.folder
        try:
            return _of_table(folder) if (folder / TABLE).is_file() else _of_folders(folder)
        except DataError as error:
            error.at(str(folder))
            raise


def _of_table(folder: Path) -> Manifest:
    known = [name for name in ("patient", "split") if name in read_columns(folder / TABLE)]
    columns = read_table(folder / TABLE, ["id", *SIDES, *known]).sorted_by("id").columns
    files = {side: [folder / cell if cell else None for cell in columns[side]] for side in SIDES}
    return _manifest(folder, columns["id"], files, columns.get("patient"), columns.get("split"))


def _of_folders(folder: Path) -> Manifest:
    he, panck = (images_in(folder / side) for side in SIDES)
    _check_pairs(he, panck)
    ids = sorted(he)
    return _manifest(folder, ids, {"he": [he[name] for name in ids], "panck": [panck[name] for name in ids]})


def _manifest(
    folder: Path,
    ids: Sequence[str],
    files: Mapping[str, Sequence[Path | None]],
    patients: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
) -> Manifest:
    return Manifest(
        name="shift",
        ids=tuple(ids),
        groups=tuple(ids if patients is None else patients),
        group_kind="patch" if patients is None else "patient",
        splits=("train",) * len(ids) if splits is None else tuple(splits),
        modalities={side: image_modality(side, ids, files[side]) for side in SIDES},
        labels={},
        synthetic=is_synthetic(folder),
        note=NOTE,
    )


def _check_pairs(he: Mapping[str, Path], panck: Mapping[str, Path]) -> None:
    legal = f"an image of the same name in he/ and in panck/ for every pair, or a table {TABLE}"
    if not he and not panck:
        raise DataError("the folder holds no pairs", legal=legal, mend="set data.root=PATH")
    for side, own, other in (("panck", he, panck), ("he", panck, he)):
        lacking = sorted(own.keys() - other.keys())
        if lacking:
            raise DataError(
                f"{len(lacking)} of {len(own)} images have no partner in {side}/: {shown(lacking)}",
                legal=legal,
                mend="restore their partners, name them alike, or take these images out",
            )
