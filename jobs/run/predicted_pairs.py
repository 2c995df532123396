"""Predicted images as a data set of the kind `folder`, each beside the image that it was predicted from.

::

    predicted/
        dataset.yaml             written last: without it the folder is no data set
        manifest.csv
        he/000001.png            the modality that the encoder saw, as it was packed
        predicted_panck/000001.png

Files are numbered by the rows of the data set, since an id may hold anything. Ids,
groups, splits and labels are the data set's own, so the same sample has the same draws
in both. A label that was made from the target is said to be made from its prediction: a
model that was trained to paint the target knows of it.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from harness.config import yaml
from harness.data.checks import NO_LABEL
from harness.data.datasets.folder import DESCRIPTION, TABLE, Folder
from harness.data.source import partner_rows
from harness.distributed.collectives import all_ranks
from harness.files import naming_full_disk, write_atomic
from jobs.data import located
from jobs.run.sheet import bytes_of
from jobs.translate import PREDICTED, Translate

if TYPE_CHECKING:
    from harness.data.manifest import Label
    from harness.data.packed import PackedSet
    from harness.grid.work import Work
    from jobs.run.painter import Painted, Painter

FOLDER = "predicted"
DIGEST = "predicted_digest"
QUICK = 1
"""The compression of a PNG: the usual one takes 1.8 times as long at 224 px for files an eighth smaller."""

Rows = NDArray[np.int64]


class PredictedPairs:
    """Writes the data set; every rank must call it, and paints a share of the images.

    Args:
        stage: Which images are predicted from which.
        work: This rank's part in the attempt.
        packed: The data set.
    """

    def __init__(self, stage: Translate, work: Work, packed: PackedSet) -> None:
        self.work, self.packed, self.stage = work, packed, stage
        self.source, self.target = stage.view.modality, stage.target.modality
        self.predicted = f"{PREDICTED}{self.target}"
        self.partners = partner_rows(packed, stage.view.partner)
        self.folder = work.path(FOLDER)

    def digest(self) -> str:
        """The digest of the data set as it is found on disk, by which a later grid can know it."""
        return Folder(root=str(self.folder), size=self.packed.size).manifest().digest

    def write(self, painter: Painter, rows: Rows) -> Path:
        """Paint and write some rows, and return the description of the data set.

        Raises:
            DiskFullError: No room.
        """
        world = self.work.world
        with naming_full_disk(self.folder):
            for modality in (self.source, self.predicted):
                (self.folder / modality).mkdir(parents=True, exist_ok=True)
            for painted in painter(rows, (world.rank, world.size)):
                self._save(painted)
        all_ranks(torch.zeros(1, device=world.device))  # the images of every rank are there
        if self.work.is_main:
            write_atomic(self.folder / TABLE, self._table(rows))
            write_atomic(self.folder / DESCRIPTION, yaml.dump(self._description()))
        return self.folder / DESCRIPTION

    def _save(self, painted: Painted) -> None:
        pixels_BHWC = bytes_of(painted.predicted).numpy()
        stored = self.packed.array(self.source)[self.partners[painted.rows]]
        for row, source, predicted in zip(painted.rows.tolist(), stored, pixels_BHWC, strict=True):
            for modality, pixels in ((self.source, source), (self.predicted, predicted)):
                image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
                image.save(self.folder / _file(modality, row), compress_level=QUICK)

    def _table(self, rows: Rows) -> str:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._line(row) for row in rows.tolist())
        return text.getvalue()

    def _columns(self) -> list[str]:
        return ["id", "group", "split", self.source, self.predicted, *(f"label_{name}" for name in self.packed.labels)]

    def _line(self, row: int) -> dict[str, str]:
        packed = self.packed
        known = {"id": str(packed.ids[row]), "group": str(packed.groups[row]), "split": str(packed.splits[row])}
        files = {modality: _file(modality, row) for modality in (self.source, self.predicted)}
        return known | files | {f"label_{name}": _class(label, row) for name, label in packed.labels.items()}

    def _description(self) -> dict[str, Any]:
        packed, stage, store = self.packed, self.stage, self.work.store
        resize = located(stage.data, store).manifest(store.packs).modalities[self.source].resize
        return {
            "name": f"{packed.name}, {self.target} predicted",
            "synthetic": True,
            "note": f"{self.predicted} was predicted from {stage.view.title} by {self.work.run.key}; {packed.note}",
            "group": {"kind": packed.group_kind},
            "modalities": {
                self.source: {"column": self.source, "resize": resize},
                self.predicted: {"column": self.predicted},
            },
            "labels": {name: self._label(label) for name, label in packed.labels.items()},
        }

    def _label(self, label: Label) -> dict[str, Any]:
        known = {self.source: self.source, self.predicted: self.target}
        derived = [name for name, modality in known.items() if modality in label.derived_from]
        return {"column": f"label_{label.name}", "classes": list(label.classes), "derived_from": derived}


def _file(modality: str, row: int) -> str:
    return f"{modality}/{row:06d}.png"


def _class(label: Label, row: int) -> str:
    number = int(label.values[row])
    return "" if number == NO_LABEL else label.classes[number]
