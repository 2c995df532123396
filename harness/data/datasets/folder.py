"""A folder of your own pairs.

The folder holds two files, `dataset.yaml` and `manifest.csv` or `manifest.parquet`, and
the images, wherever under it they lie::

    my-pairs/
        dataset.yaml
        manifest.csv
        he/0001.png ...
        panck/0001.png ...

`dataset.yaml` says what the columns of the table are::

    name: my-pairs               # how tables call the set
    synthetic: false             # true where a program made the images; every report says so
    note: 40 biopsies, ethics approval 12/34
    group: {kind: patient, column: group}         # what pairs were cut from: region, patient or patch
    split: {column: split}       # `group` and `split` are the columns' names where none is given
    modalities:
      he: {column: he}           # image files; the column holds their paths
      panck: {column: panck}
      types: {column: types, resize: nearest}       # pixels that are type numbers and have no mean
      markers: {kind: vector, column: markers}      # numbers in the cell, blanks between them
      genes: {kind: vector, file: genes.npy}        # or an array (rows, features) in the table's order
    labels:
      tissue:
        column: tissue
        classes: [tumour, stroma, lymphoid]
        derived_from: [he]       # the modalities that the label was made from; [] where from none

`manifest.csv` is a table in UTF-8 with a header and one row a pair::

    id,group,split,he,panck,types,markers,tissue
    0001,p07,train,he/0001.png,panck/0001.png,types/0001.png,0.25 1.5 3,tumour
    0002,p09,test,he/0002.png,panck/0002.png,types/0002.png,0.5 0.5 1e-3,

id      a name of its own for every pair; subsets and augmentations follow it.
group   what the pair was cut from. All pairs of a group stand in one split. Not read
        where the kind is patch: then every pair is a group of its own.
split   train, val or test.
paths   relative to the folder, or absolute.
labels  a class name, or nothing for a pair without the label.

`manifest.parquet` is the same table in Parquet, which pyarrow reads; there, a vector may
be a list of numbers. A folder holds one of the two.

Images are 8-bit grey or RGB files (PNG, JPEG, TIFF, ...), square, and of one size
within a modality. Neither the order of the rows nor the files' names nor further
columns or files change the data's digest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from harness.config.base import Config
from harness.config.read import read
from harness.config.yaml import read_file
from harness.data.datasets import Dataset
from harness.data.files import image_modality
from harness.data.manifest import Label, Manifest, Modality, Resize
from harness.data.parquet import read_parquet
from harness.data.table import Table, read_table
from harness.data.vectors import vectors_from_column, vectors_from_file
from harness.errors import DataError

DESCRIPTION = "dataset.yaml"
TABLE, PARQUET = "manifest.csv", "manifest.parquet"


class Side(Config):
    """Where the samples of one modality are: a column of paths or vectors, or an array file."""

    kind: Literal["image", "vector"] = "image"
    column: str | None = None
    file: str | None = None
    resize: Resize = "area"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.column is None) == (self.file is None) or (self.file is not None and self.kind == "image"):
            raise ValueError("an image modality takes 'column', a vector modality one of 'column' and 'file'")
        return self


class Target(Config):
    """The column of a label, its classes in order, and the modalities that it was made from."""

    column: str
    classes: tuple[str, ...]
    derived_from: tuple[str, ...]


class Group(Config):
    """What the pairs were cut from, and the column that tells it."""

    kind: Literal["region", "patient", "patch"]
    column: str = "group"


class Split(Config):
    """The column of the splits."""

    column: str = "split"


class Description(Config):
    """What `dataset.yaml` holds."""

    name: str
    group: Group
    modalities: dict[str, Side]
    labels: dict[str, Target] = {}
    split: Split = Split()
    synthetic: bool = False
    note: str = ""

    @property
    def columns(self) -> set[str]:
        """The columns that the table must have."""
        paths = {side.column for side in self.modalities.values() if side.column is not None}
        return {"id", self.grouped_by, self.split.column} | paths | {target.column for target in self.labels.values()}

    @property
    def vectors(self) -> set[str]:
        """Those of the columns that hold vectors."""
        return {side.column for side in self.modalities.values() if side.kind == "vector" and side.column is not None}

    @property
    def grouped_by(self) -> str:
        """The column that names each pair's group; the id where every pair is a group of its own."""
        return "id" if self.group.kind == "patch" else self.group.column


class Folder(Dataset, name="folder"):
    """The data set of a folder laid out as this module's text says."""

    def read(self) -> Manifest:
        """The manifest of the folder's table, its rows in the order of their ids."""
        folder = self.folder
        about = _described(folder)
        table = _table(folder, about).sorted_by("id")
        ids = table.columns["id"]
        try:
            return Manifest(
                name=about.name,
                ids=tuple(ids),
                groups=tuple(table.columns[about.grouped_by]),
                group_kind=about.group.kind,
                splits=tuple(table.columns[about.split.column]),
                modalities={name: _modality(name, side, table, folder) for name, side in about.modalities.items()},
                labels={name: _label(name, target, table) for name, target in about.labels.items()},
                synthetic=about.synthetic,
                note=about.note,
            )
        except DataError as error:
            error.at(str(folder))
            raise


def _described(folder: Path) -> Description:
    path = folder / DESCRIPTION
    if not path.is_file():
        raise DataError(
            f"the folder {str(folder)!r} has no {DESCRIPTION}",
            where="data.root",
            legal=f"a folder with {DESCRIPTION} and {TABLE}, laid out as harness/data/datasets/folder.py says",
            mend="set data.root=PATH, or describe the data there",
        )
    return read(Description, read_file(path), str(path))


def _table(folder: Path, about: Description) -> Table:
    if not (folder / PARQUET).is_file():
        return read_table(folder / TABLE, sorted(about.columns))
    if (folder / TABLE).is_file():
        raise DataError(
            f"the folder has both {TABLE} and {PARQUET}",
            where=str(folder),
            legal="one table: which of two would count?",
            mend="remove one of them",
        )
    return read_parquet(folder / PARQUET, sorted(about.columns), about.vectors)


def _modality(name: str, side: Side, table: Table, folder: Path) -> Modality:
    if side.file is not None:
        return Modality(name, "vector", vectors=vectors_from_file(folder / side.file, table.order))
    assert side.column is not None
    if side.kind == "vector":
        return Modality(name, "vector", vectors=vectors_from_column(table, side.column))
    files = [folder / cell if cell else None for cell in table.columns[side.column]]
    return image_modality(name, table.columns["id"], files, side.resize)


def _label(name: str, target: Target, table: Table) -> Label:
    values = table.class_numbers(target.column, target.classes)
    return Label(name, target.classes, values, target.derived_from)
