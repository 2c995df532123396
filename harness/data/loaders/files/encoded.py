"""The files of a column, read by rows, and what makes their pixels those of the pack."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.loaders import Column
from harness.data.packed import PackedSet
from harness.data.reading import RESIZED
from harness.data.source import Source
from harness.errors import DataError

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Files:
    """The image files that a column stands for.

    Attributes:
        column: The column.
        paths: The file of each row of the pack.
        resized: How an image is made smaller.
    """

    column: Column
    paths: Sequence[str]
    resized: Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an image in the pack."""
        return self.column.stored.shape[1:]

    def read(self, rows: Rows) -> list[NDArray[np.uint8]]:
        """The files of some rows of the pack, whole.

        Raises:
            DataError: A file cannot be read.
        """
        return [_content(self.paths[place]) for place in self.column.places(rows).tolist()]

    def fitted(self, image: NDArray[np.uint8], row: int) -> NDArray[np.uint8]:
        """A decoded image in the pack's size.

        Raises:
            DataError: It is of another kind than when it was packed.
        """
        height, width, channels = image.shape
        if height != width or height < self.shape[0] or channels != self.shape[2]:
            path = self.paths[int(self.column.places(np.array([row]))[0])]
            raise DataError(
                f"the image {path!r} is {width} x {height} px now, with {channels} channels",
                legal=f"a square of {self.shape[0]} px or more, as it was when it was packed",
                mend="restore the file, or plan again to take the data as they are",
            )
        return image if height == self.shape[0] else self.resized(image, self.shape[0])


def image_files(packed: PackedSet, source: Source, column: Column) -> Files | None:
    """The files behind a column; None where its modality is no files.

    Raises:
        DataError: The pack was opened without its manifest.
    """
    paths = packed.files(source.modality)
    if paths is None:
        return None
    assert packed.manifest is not None
    return Files(column, [str(path) for path in paths], RESIZED[packed.manifest.modalities[source.modality].resize])


def _content(path: str) -> NDArray[np.uint8]:
    """A file's bytes: three calls to the system, half the time of a file object."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return np.frombuffer(os.read(handle, os.fstat(handle).st_size), np.uint8)
        finally:
            os.close(handle)
    except OSError as error:
        raise DataError(f"the file {path!r} cannot be read: {error.strerror or error}", mend="restore it") from error
