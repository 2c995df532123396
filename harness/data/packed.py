"""A packed data set: raw arrays on disk, and whose rows they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.data.checks import NO_LABEL
from harness.data.index import MEND, read_index
from harness.data.manifest import Label, Manifest
from harness.data.stored import StoredArray
from harness.data.subset import sample_keys, subset
from harness.errors import ConfigError, DataError, StoreError, did_you_mean


@dataclass(frozen=True, eq=False)
class PackedSet:
    """A data set as arrays; row i of every array and list is the same sample.

    Attributes:
        folder: Where the pack lies.
        name: What the data set is called in tables.
        note: Origin and licence.
        synthetic: Whether the images were made by a program.
        digest: Of the manifest that was packed.
        size: The side of the images in px.
        ids: A name per sample.
        keys: uint64, a hash of each id: what subsets, orders and augmentations know a sample by.
        groups: What each sample belongs to.
        group_kind: region, patient or patch.
        splits: train, val or test, per sample.
        labels: By name.
        arrays: By modality.
        dropped: Ids of the samples that were left out because an image was unreadable.
        manifest: What was packed; None where the pack was opened without it.
    """

    folder: Path
    name: str
    note: str
    synthetic: bool
    digest: str
    size: int
    ids: NDArray[np.str_]
    keys: NDArray[np.uint64]
    groups: NDArray[np.str_]
    group_kind: str
    splits: NDArray[np.str_]
    labels: Mapping[str, Label]
    arrays: Mapping[str, StoredArray]
    dropped: tuple[str, ...]
    manifest: Manifest | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def stored(self, modality: str) -> StoredArray:
        """What is known of one modality.

        Raises:
            ConfigError: The data set does not have it.
        """
        if modality not in self.arrays:
            raise ConfigError(
                f"the data set {self.name!r} has no modality {modality!r}",
                legal=self.arrays,
                mend=did_you_mean(modality, self.arrays),
            )
        return self.arrays[modality]

    def array(self, modality: str) -> np.memmap[Any, np.dtype[Any]]:
        """The rows of a modality, mapped from disk: uint8 (N, H, W, C) or float32 (N, D)."""
        return self.stored(modality).open()

    def files(self, modality: str) -> tuple[Path, ...] | None:
        """The image file of each row; None for a modality that is no files: vectors, or images of one array.

        Raises:
            ConfigError: The data set does not have the modality.
            DataError: The pack was opened without its manifest, which knows the files.
        """
        self.stored(modality)
        if self.manifest is None:
            raise DataError(
                f"the pack {str(self.folder)!r} was opened without the manifest that knows its image files",
                mend="open it through its data set, with `pack`",
            )
        files = self.manifest.modalities[modality].files
        if files is None:
            return None
        row_of = {name: row for row, name in enumerate(self.manifest.ids)}
        return tuple(files[row_of[name]] for name in self.ids.tolist())

    def kind(self, modality: str) -> Literal["image", "vector"]:
        """Whether a modality holds images or vectors."""
        return self.stored(modality).kind

    def channels(self, modality: str) -> int:
        """The channels of an image, 1 or 3, or the features of a vector."""
        return self.stored(modality).shape[-1]

    def statistics(self, modality: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation over the training split: per channel on a scale of 0..1, or per feature.

        Raises:
            DataError: The training split is empty.
        """
        stored = self.stored(modality)
        if stored.mean is None or stored.std is None:
            raise self._empty("train")
        return np.array(stored.mean), np.array(stored.std)

    def label(self, name: str) -> Label:
        """A label by name.

        Raises:
            ConfigError: The data set does not have it.
        """
        if name not in self.labels:
            raise ConfigError(
                f"the data set {self.name!r} has no label {name!r}",
                legal=self.labels,
                mend=did_you_mean(name, self.labels),
            )
        return self.labels[name]

    def rows(self, split: str, fraction: float = 1.0, label: str | None = None) -> NDArray[np.int64]:
        """The row numbers of a split, or of a class-stratified fraction of it, in ascending order.

        Args:
            split: train, val or test.
            fraction: In (0, 1]; smaller fractions lie within larger ones (`subset`).
            label: Whose classes the fraction is stratified by; None takes the samples as of one class.

        Raises:
            DataError: The split is empty.
            ConfigError: There is no such label, or the fraction is outside its range.
        """
        rows = np.flatnonzero(self.splits == split)
        if not len(rows):
            raise self._empty(split)
        classes = self.label(label).values if label is not None else np.full(len(self), NO_LABEL)
        return rows[subset(self.keys[rows], classes[rows], fraction)]

    def _empty(self, split: str) -> DataError:
        return DataError(
            f"the split {split!r} of the data set {self.name!r} is empty",
            where=str(self.folder),
            legal=sorted(set(self.splits.tolist())),
            mend="name a split that has samples, or assign samples to this one",
        )


def open_pack(folder: Path, expected_digest: str | None = None, verify: bool = False) -> PackedSet:
    """Open a pack.

    Args:
        folder: The pack's folder.
        expected_digest: The digest that the pack must have; None takes any.
        verify: Whether to compare every byte with its checksum (about a second a GB),
            and not the files' lengths alone.

    Raises:
        StoreError: A file is missing, torn or altered, holds other data, or a newer harness wrote it.
    """
    index = read_index(folder)
    if expected_digest not in (None, index["digest"]):
        raise StoreError(
            f"the pack {str(folder)!r} holds data of the digest {index['digest']}",
            legal=f"the expected one, {expected_digest}",
            mend=MEND,
        )
    packed = _from_index(folder, index)
    for stored in packed.arrays.values():
        stored.check(verify)
    return packed


def _from_index(folder: Path, index: dict[str, Any]) -> PackedSet:
    return PackedSet(
        folder=folder,
        **{key: index[key] for key in ("name", "note", "synthetic", "digest", "size", "group_kind")},
        ids=np.array(index["ids"], dtype=np.str_),
        keys=sample_keys(index["ids"]),
        groups=np.array(index["groups"], dtype=np.str_),
        splits=np.array(index["splits"], dtype=np.str_),
        labels={name: _label(name, label) for name, label in index["labels"].items()},
        arrays={name: _array(folder, entry) for name, entry in index["arrays"].items()},
        dropped=tuple(index["dropped"]),
    )


def _label(name: str, entry: dict[str, Any]) -> Label:
    return Label(name, tuple(entry["classes"]), np.array(entry["values"], np.int64), tuple(entry["derived_from"]))


def _array(folder: Path, entry: dict[str, Any]) -> StoredArray:
    mean, std = (tuple(entry[key]) if entry[key] is not None else None for key in ("mean", "std"))
    shape = tuple(entry["shape"])
    return StoredArray(folder / entry["file"], entry["kind"], entry["dtype"], shape, entry["sha256"], mean, std)
