"""Which samples a data set has: ids, groups, splits, a file or vector per modality, labels.

A manifest is a value. Its digest says what the data are, wherever they lie: it
covers the contents of every file and no path, so a copied or renamed folder has
the same digest and one changed pixel another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.config.identity import digest
from harness.data.checks import check
from harness.data.hashes import array_hash, file_hashes, row_hashes
from harness.data.pixels import Pixels

Resize = Literal["area", "nearest"]


@dataclass(frozen=True, eq=False)
class Modality:
    """One side of the pairs: an image per sample, in a file of its own or in an array's row, or a vector per sample.

    Args:
        name: How views, probes and stores call it.
        kind: What a sample of it is.
        files: For images, one file per sample in the order of the ids.
        vectors: For vectors, float32 of shape (samples, features).
        resize: How an image is made smaller: the mean over areas, or, for pixels that
            are type numbers and have no mean, the nearest pixel.
        pixels: For images that lie in one array, its rows in the order of the ids; or `files`.
    """

    name: str
    kind: Literal["image", "vector"]
    files: tuple[Path, ...] | None = None
    vectors: NDArray[np.float32] | None = None
    resize: Resize = "area"
    pixels: Pixels | None = None

    def __len__(self) -> int:
        held = self.vectors if self.kind == "vector" else self.files if self.pixels is None else self.pixels
        return 0 if held is None else len(held)

    def origin(self, sample: int) -> str:
        """Where a sample's image stands, for an error."""
        if self.pixels is not None:
            return self.pixels.origin(sample)
        assert self.files is not None
        return f"'{self.files[sample]}'"


@dataclass(frozen=True, eq=False)
class Label:
    """One classification target.

    Args:
        name: How probes call it.
        classes: The names of its classes, in the order of their numbers.
        values: int64, a class number per sample, `checks.NO_LABEL` where there is none.
        derived_from: The modalities that the target was computed from. A probe of a
            model that saw one of them in pre-training is marked in every table.
    """

    name: str
    classes: tuple[str, ...]
    values: NDArray[np.int64]
    derived_from: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> Label:
        """The same target for some of the samples."""
        return Label(self.name, self.classes, self.values[rows], self.derived_from)


@dataclass(frozen=True, eq=False)
class Manifest:
    """The samples of a data set; checked when it is made.

    Args:
        name: What the data set is called in tables.
        ids: A name per sample, each once. Order, subsets and augmentations are keyed by it.
        groups: What each sample belongs to; all samples of a group are in one split.
        group_kind: What a group is, one of `checks.GROUP_KINDS`.
        splits: One of `checks.SPLITS` per sample.
        modalities: By name.
        labels: By name.
        synthetic: Whether the images were made by a program; every report says so.
        note: Origin and licence.
        cache: A folder in which the hashes of files may be kept between calls.

    Raises:
        DataError: The parts contradict one another; see `checks.check`.
    """

    name: str
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    group_kind: str
    splits: tuple[str, ...]
    modalities: Mapping[str, Modality]
    labels: Mapping[str, Label]
    synthetic: bool = False
    note: str = ""
    cache: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check(self)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def image_hashes(self) -> dict[str, tuple[str, ...]]:
        """By image modality, the SHA-256 of each sample's file, or of its row of an array.

        Quick where the cache knows the files.

        Raises:
            DataError: A file is missing or cannot be read, or a pixel of an array is outside its range.
        """
        images = {name: part.files for name, part in self.modalities.items() if part.files is not None}
        hashes = file_hashes([path for files in images.values() for path in files], self.cache)
        arrays = {name: part.pixels for name, part in self.modalities.items() if part.pixels is not None}
        rows = {name: row_hashes(pixels, self.cache) for name, pixels in arrays.items()}
        return {name: tuple(hashes[path] for path in files) for name, files in images.items()} | rows

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ids, groups, splits, labels and the contents of every file, row or vector; no path, no name."""
        return digest(
            {
                "ids": self.ids,
                "groups": self.groups,
                "group_kind": self.group_kind,
                "splits": self.splits,
                "modalities": {name: self.content(name) for name in self.modalities},
                "labels": {name: self.target(name) for name in self.labels},
            }
        )

    def target(self, name: str) -> dict[str, object]:
        """A label as it enters the digest."""
        label = self.labels[name]
        return {"classes": label.classes, "values": label.values.tolist(), "derived_from": sorted(label.derived_from)}

    def content(self, name: str) -> dict[str, object]:
        """A modality as it enters the digest: the hashes of its files, rows or vectors.

        Raises:
            DataError: A file is missing or cannot be read.
        """
        part = self.modalities[name]
        if part.vectors is not None:
            return {"kind": part.kind, "content": array_hash(part.vectors)}
        return {"kind": part.kind, "resize": part.resize, "content": self.image_hashes[name]}
