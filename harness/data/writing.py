"""A pack's array files, written row by row, with their checksums and statistics."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from harness.data.reading import ReadImage
from harness.errors import DataError


class ImageWriter:
    """Writes the images of one modality one after the other.

    Args:
        folder: The pack in the making.
        name: The modality.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.bin"
        self.file: BinaryIO = open(self.path, "wb")  # noqa: SIM115 - closed by __exit__
        self.sha256 = hashlib.sha256()
        self.first: ReadImage | None = None
        self.count = 0
        self.training: list[NDArray[np.int64]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.file.close()

    def append(self, image: ReadImage, training: bool) -> None:
        """Write an image; those of the training split make the statistics.

        Raises:
            DataError: Its shape differs from the first image's.
        """
        self.first = self.first or image
        _check_alike(image, self.first)
        content = image.pixels.tobytes()
        self.file.write(content)
        self.sha256.update(content)
        self.count += 1
        if training:
            self.training.append(image.sums)

    def finish(self) -> dict[str, Any]:
        """Make the file durable and return its entry in the index."""
        assert self.first is not None
        synced(self.file)
        shape = self.first.pixels.shape
        statistics = _image_statistics(self.training, shape[0] * shape[1])
        return _entry("image", self.path, "|u1", (self.count, *shape), self.sha256.hexdigest(), statistics)


def write_vectors(
    folder: Path, name: str, vectors_ND: NDArray[np.float32], training: NDArray[np.bool_]
) -> dict[str, Any]:
    """Write a vector modality and return its entry in the index.

    Args:
        folder: The pack in the making.
        name: The modality.
        vectors_ND: Its rows.
        training: Which rows make the statistics.
    """
    content = vectors_ND.astype("<f4").tobytes()
    path = folder / f"{name}.bin"
    with open(path, "wb") as file:
        file.write(content)
        synced(file)
    chosen = vectors_ND[training].astype(np.float64)
    statistics = (chosen.mean(axis=0), chosen.std(axis=0)) if len(chosen) else None
    return _entry("vector", path, "<f4", vectors_ND.shape, hashlib.sha256(content).hexdigest(), statistics)


def synced(file: BinaryIO) -> None:
    """Bring what was written to the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def _image_statistics(
    sums: list[NDArray[np.int64]], num_pixels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Mean and standard deviation per channel on a scale of 0..1, from sums that are exact."""
    if not sums:
        return None
    total, squares = np.sum(sums, axis=0).tolist()
    count = len(sums) * num_pixels
    mean = np.array([one / count for one in total])
    variance = [(count * square - one * one) / (count * count) for one, square in zip(total, squares, strict=True)]
    return mean / 255, np.sqrt(variance) / 255


def _entry(
    kind: str,
    path: Path,
    dtype: str,
    shape: tuple[int, ...],
    sha256: str,
    statistics: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
) -> dict[str, Any]:
    mean, std = (None, None) if statistics is None else (part.tolist() for part in statistics)
    return {
        "kind": kind,
        "file": path.name,
        "dtype": dtype,
        "shape": list(shape),
        "sha256": sha256,
        "mean": mean,
        "std": std,
    }


def _check_alike(image: ReadImage, first: ReadImage) -> None:
    if image.native != first.native:
        raise DataError(
            f"the image {image.origin} is {_worded(image.native)}, {first.origin} is {_worded(first.native)}",
            legal="images of one size and kind within a modality",
            mend="cut or convert them alike, or make them two data sets",
        )


def _worded(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{width} x {height} px {'grey' if channels == 1 else 'RGB'}"
