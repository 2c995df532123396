"""Image arrays in .npy files, mapped and not read: a set of 1 GB costs the memory of the rows at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError


def mapped_images(path: Path, channels: int, *, whole: bool = False) -> NDArray[Any]:
    """The array (N, side, side, channels) of a file.

    Args:
        path: An .npy file.
        channels: Values of a pixel.
        whole: Whether any whole numbers will do in place of bytes.

    Raises:
        DataError: The file cannot be read, or holds another type or shape.
    """
    try:
        array: Any = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{str(path)!r} cannot be read as an array: {error}", mend="set data.root=PATH, or restore the file"
        ) from error
    if not _fits(array, channels, whole):
        getattr(array, "close", bool)()  # an .npz archive, which is no array, holds its file open
        raise DataError(
            f"{str(path)!r} holds {getattr(array, 'dtype', 'no')} values of shape {getattr(array, 'shape', ())}",
            legal=f"{'whole numbers' if whole else 'uint8'} of shape (N, side, side, {channels})",
            mend="restore the file as it was published",
        )
    found: NDArray[Any] = array
    return found


def _fits(array: Any, channels: int, whole: bool) -> bool:
    """Whether it is such an array; an .npz archive is none at all."""
    if not isinstance(array, np.ndarray) or not (array.dtype == np.uint8 or (whole and array.dtype.kind in "iu")):
        return False
    return array.ndim == 4 and array.shape[1] == array.shape[2] > 0 and array.shape[3] == channels
