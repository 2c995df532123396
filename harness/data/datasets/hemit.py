"""Colon cancer, H&E with pan-cytokeratin, DAPI and CD3 immunofluorescence: a sample of HEMIT.

993 registered patches of 256 px, up to 25 overlapping crops from each of 40 regions
(GitHub BianChang/Pix2pix_DualBranch at 57f472dd, MIT). The folder holds `patches.csv`
and `he/NAME.jpg`, `panck/NAME.png`, `dapi/NAME.png`, `cd3/NAME.png`; the same NAME is
the same tissue.

The targets are thresholds on shares of positive pixels, no pathologist's labels, so
each says which modalities hold it:

panck   frac_panck > .35
cd3     frac_cd3 > .05
dapi    frac_dapi > its median over the training split
tissue  background where frac_white > .5, else epithelium where frac_panck > .35, else
        lymphoid where frac_cd3 + frac_cd20 > .05, else stroma; CD20 is not among the images

It is the nearest public stand-in for the paper's SHIFT set and reproduces no number
of the paper: organ and slides differ, and whether the H&E is a restain is not known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.data.datasets import Dataset
from harness.data.files import image_modality
from harness.data.manifest import Label, Manifest
from harness.data.table import Table, read_table
from harness.data.twin import is_synthetic
from harness.errors import DataError

SUFFIXES = {"he": ".jpg", "panck": ".png", "dapi": ".png", "cd3": ".png"}
TISSUES = ("background", "epithelium", "lymphoid", "stroma")
COUNTS = {"patches": 993, "regions": 40, "train patches": 749, "test patches": 244}
NOTE = "HEMIT sample, GitHub BianChang/Pix2pix_DualBranch at 57f472dd, MIT; targets are thresholds on markers"
COLUMNS = ("name", "region", "split", "tissue", "frac_panck", "frac_cd3", "frac_dapi")


class Hemit(Dataset, name="hemit"):
    """The data set of a folder laid out as this module's text says.

    Attributes:
        complete: Whether the folder must hold the whole sample. False is for a part of
            it, whose results are no results on HEMIT.
    """

    complete: bool = True

    def read(self) -> Manifest:
        """The manifest of `patches.csv`, its rows in the order of their names."""
        folder = self.folder
        table = read_table(folder / "patches.csv", COLUMNS).sorted_by("name")
        if self.complete:
            _check_counts(table)
        names = table.columns["name"]
        try:
            return Manifest(
                name="hemit",
                ids=tuple(names),
                groups=tuple(table.columns["region"]),
                group_kind="region",
                splits=tuple(table.columns["split"]),
                modalities={
                    side: image_modality(side, names, [folder / side / f"{name}{suffix}" for name in names])
                    for side, suffix in SUFFIXES.items()
                },
                labels={label.name: label for label in _labels(table)},
                synthetic=is_synthetic(folder),
                note=NOTE,
            )
        except DataError as error:
            error.at(str(folder))
            raise


def _labels(table: Table) -> list[Label]:
    dapi = np.array(table.numbers("frac_dapi"))
    return [
        _above("panck", np.array(table.numbers("frac_panck")), 0.35),
        _above("cd3", np.array(table.numbers("frac_cd3")), 0.05),
        _above("dapi", dapi, _training_median(dapi, table)),
        Label("tissue", TISSUES, table.class_numbers("tissue", TISSUES), ("he", "panck", "cd3")),
    ]


def _above(marker: str, shares: NDArray[np.float64], threshold: float) -> Label:
    return Label(marker, ("negative", "positive"), (shares > threshold).astype(np.int64), (marker,))


def _training_median(shares: NDArray[np.float64], table: Table) -> float:
    training = np.array(table.columns["split"]) == "train"
    if not training.any():
        raise DataError(
            "the split 'train' is empty", where=str(table.path), mend="the label 'dapi' needs its median: add patches"
        )
    return float(np.median(shares[training]))


def _check_counts(table: Table) -> None:
    splits = table.columns["split"]
    found = {
        "patches": len(table),
        "regions": len(set(table.columns["region"])),
        "train patches": splits.count("train"),
        "test patches": splits.count("test"),
    }
    if found != COUNTS:
        raise DataError(
            f"the sample of HEMIT is not whole: {_worded(found)}",
            where=str(table.path),
            legal=_worded(COUNTS),
            mend="fetch it again, or set data.complete=false to work on a part",
        )


def _worded(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())
