"""Images that lie in one array, one a row: how some sets are published, and what need not be cut into files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

CHANNELS = (1, 3)
LARGEST = 255


@dataclass(frozen=True, eq=False)
class Pixels:
    """The images of one array, read a row at a time and never all at once.

    Args:
        array: uint8 of shape (N, H, W) or (N, H, W, C), as a rule mapped from a file. With
            `channel`, any whole numbers of shape (N, H, W, K).
        path: The .npy file that it is mapped from: for errors, and so that its hashes are remembered.
        order: The array's row of each sample; None where sample i is row i.
        channel: The one of the K numbers of a pixel that is the image; None where the pixel is all of them.
        largest: No pixel is larger: what type numbers end with.
    """

    array: NDArray[Any]
    path: Path | None = None
    order: NDArray[np.int64] | None = None
    channel: int | None = None
    largest: int = LARGEST

    def __len__(self) -> int:
        return len(self.array) if self.order is None else len(self.order)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image: (H, W, C), grey images having one channel."""
        single = self.channel is not None or self.array.ndim == 3
        return (*self.array.shape[1:3], 1 if single else self.array.shape[-1])

    def image(self, sample: int) -> NDArray[np.uint8]:
        """One sample's image, uint8 (H, W, C).

        Raises:
            DataError: A pixel is outside its range.
        """
        return self.stored(sample if self.order is None else int(self.order[sample]))

    def stored(self, row: int) -> NDArray[np.uint8]:
        """The image of one row of the array, uint8 (H, W, C).

        Raises:
            DataError: A pixel is outside its range.
        """
        values = self.array[row] if self.channel is None else self.array[row, ..., self.channel]
        if values.size and not 0 <= int(values.min()) <= int(values.max()) <= self.largest:
            raise DataError(
                f"{self.place(row)} has pixels from {values.min()} to {values.max()}",
                legal=f"0 to {self.largest}",
                mend="restore the file as it was published, or correct the row",
            )
        return np.ascontiguousarray(values, dtype=np.uint8).reshape(self.shape)

    def place(self, row: int) -> str:
        """Where a row of the array stands, for an error."""
        return f"row {row} of " + (f"'{self.path}'" if self.path is not None else "the array")

    def origin(self, sample: int) -> str:
        """Where a sample's image stands, for an error."""
        return self.place(sample if self.order is None else int(self.order[sample]))


def check_pixels(name: str, pixels: Pixels) -> None:
    """Check that an array holds square images of 8 bits.

    Args:
        name: The modality.
        pixels: Its images.

    Raises:
        DataError: They are of another type or shape.
    """
    array = pixels.array
    whole = array.dtype == np.uint8 if pixels.channel is None else array.dtype.kind in "iu"
    if not whole or not _is_square(pixels):
        raise DataError(
            f"the images of the modality {name!r} are {array.dtype} of shape {array.shape}",
            where=str(pixels.path) if pixels.path is not None else None,
            legal="uint8 of shape (N, side, side), (N, side, side, 1) or (N, side, side, 3)",
            mend="write the array so, with numpy.save",
        )


def _is_square(pixels: Pixels) -> bool:
    if pixels.channel is not None:
        fits = pixels.array.ndim == 4 and pixels.channel < pixels.array.shape[-1]
    else:
        fits = pixels.array.ndim == 3 or (pixels.array.ndim == 4 and pixels.array.shape[-1] in CHANNELS)
    return fits and pixels.array.shape[1] == pixels.array.shape[2] > 0
