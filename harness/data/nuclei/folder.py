"""A folder of nuclear masks that belong to the patches of a data set.

::

    nuclei/
        nuclei.yaml       what made the masks, and how often the commonest type is a tie
        cells.csv         id, mask, and for each type but background its number of nuclei
        masks/            PNG files of one channel whose pixels are type numbers

`nuclei.yaml` is written last: a folder without it is half made and is refused.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.config.identity import digest
from harness.config.yaml import dump, parse
from harness.data.checks import shown
from harness.data.files import image_modality
from harness.data.manifest import Label, Manifest, Modality
from harness.data.nuclei import TYPES
from harness.data.nuclei.label import commonest, tie_rate
from harness.data.table import Table, read_table
from harness.errors import DataError
from harness.files import naming_full_disk, read_text, write_atomic

ABOUT, TABLE, MASKS = "nuclei.yaml", "cells.csv", "masks"
MODALITY, LABEL = "nuclei", "cell"
SEGMENTED = "he"
"""The modality that the masks are of."""
COUNTED = TYPES[1:]


@dataclass(frozen=True, eq=False)
class PatchNuclei:
    """The nuclei of one patch.

    Attributes:
        id: The patch.
        mask: Type numbers, uint8 (H, W).
        counts: Nuclei of each type but background, (5,).
    """

    id: str
    mask: NDArray[np.uint8]
    counts: NDArray[np.int64]


def write_nuclei(folder: Path, patches: Iterable[PatchNuclei], made_by: Mapping[str, Any]) -> float:
    """Write a folder of masks; returns the share of patches whose commonest type is a tie.

    Args:
        folder: To make; what is there of an earlier try is overwritten.
        patches: One by one, so that memory holds few.
        made_by: What made them, for the reader: tool, weights, scale.

    Raises:
        DiskFullError: No room.
    """
    counts = []
    with naming_full_disk(folder):
        (folder / MASKS).mkdir(parents=True, exist_ok=True)
        (folder / ABOUT).unlink(missing_ok=True)
        with open(folder / TABLE, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "mask", *COUNTED])
            for patch in patches:
                place = f"{MASKS}/{quote(patch.id, safe='')}.png"
                Image.fromarray(patch.mask).save(folder / place)
                writer.writerow([patch.id, place, *patch.counts.tolist()])
                counts.append(patch.counts)
        ties = tie_rate(np.array(counts).reshape(-1, len(COUNTED)))
        write_atomic(folder / ABOUT, dump({"types": list(TYPES), "ties": round(ties, 6), "made_by": dict(made_by)}))
    return ties


def with_nuclei(manifest: Manifest, folder: Path) -> Manifest:
    """The manifest with the modality `nuclei` and the label `cell`.

    Args:
        manifest: Of the patches.
        folder: Their masks; those of other patches are passed over.

    Raises:
        DataError: The folder is half made or lacks patches, or the data have such a modality or label.
    """
    if MODALITY in manifest.modalities or LABEL in manifest.labels:
        raise DataError(
            f"the data set {manifest.name!r} has nuclei of its own", where="data.nuclei", mend="leave data.nuclei out"
        )
    _check_about(folder)
    table = read_table(folder / TABLE, ["id", "mask", *COUNTED])
    rows = _rows(table, manifest.ids, folder)
    files = [folder / table.columns["mask"][row] for row in rows]
    _check_size(manifest, files[0])
    counts = np.array([table.numbers(name) for name in COUNTED], dtype=np.int64).T.reshape(-1, len(COUNTED))
    return replace(
        manifest,
        modalities={**manifest.modalities, MODALITY: image_modality(MODALITY, manifest.ids, files, "nearest")},
        labels={**manifest.labels, LABEL: Label(LABEL, TYPES, commonest(counts[rows]) + 1, (MODALITY,))},
    )


def side_of(part: Modality, sample: int) -> int:
    """The side of a patch as it is stored, in px."""
    if part.pixels is not None:
        return part.pixels.shape[0]
    assert part.files is not None
    with Image.open(part.files[sample]) as image:
        return image.width


def without_nuclei(manifest: Manifest) -> dict[str, Any]:
    """The modalities and labels that `with_nuclei` began with."""
    return {
        "modalities": {name: part for name, part in manifest.modalities.items() if name != MODALITY},
        "labels": {name: label for name, label in manifest.labels.items() if name != LABEL},
    }


def digest_of_nuclei(manifest: Manifest) -> str:
    """SHA-256 over the masks and the label that `with_nuclei` added.

    Raises:
        DataError: A mask is missing or cannot be read.
    """
    return digest({MODALITY: manifest.content(MODALITY), LABEL: manifest.target(LABEL)})


def _rows(table: Table, ids: Sequence[str], folder: Path) -> list[int]:
    """The table's row of each patch."""
    place = {name: row for row, name in enumerate(table.columns["id"])}
    missing = [name for name in ids if name not in place]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(ids)} patches have no mask in {str(folder)!r}: {shown(missing)}",
            where="data.nuclei",
            mend="make the masks of these patches, or name the folder that belongs to this data set",
        )
    return [place[name] for name in ids]


def _check_size(manifest: Manifest, mask: Path) -> None:
    """Check that the first patch and its mask have one size; a pack checks that all of a modality have."""
    part = manifest.modalities.get(SEGMENTED)
    if part is None or not mask.is_file():
        return
    side = side_of(part, 0)
    with Image.open(mask) as opened:
        found = opened.width
    if found != side:
        raise DataError(
            f"the mask {str(mask)!r} has {found} px, its patch {side} px",
            where="data.nuclei",
            legal="masks of the patches' own size",
            mend="import the masks again, with the scale at which they were segmented",
        )


def _check_about(folder: Path) -> None:
    path = folder / ABOUT
    if not path.is_file():
        raise DataError(
            f"{str(folder)!r} is no whole folder of nuclear masks: it has no {ABOUT}",
            where="data.nuclei",
            mend="make or import the masks again: that file is written last",
        )
    types = parse(read_text(path), str(path)).get("types")
    if types != list(TYPES):
        raise DataError(f"{str(path)!r} lists the types {types}", legal=TYPES, mend="import the masks again")
