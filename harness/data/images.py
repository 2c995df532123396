"""Image files as arrays: uint8, square, one channel or three; anything else is an error that names the file."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import DataError

CHANNELS = {"L": 1, "RGB": 3}
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
"""What Pillow raises on files that are cut short, altered or no image."""


class UnreadableImageError(DataError):
    """A file that cannot be decoded; a data set may tolerate a share of these."""


def decoded(content: bytes, path: Path) -> NDArray[np.uint8]:
    """The pixels of an image file.

    Args:
        content: The file's bytes.
        path: The file, for the error.

    Returns:
        uint8 of shape (side, side, channels); grey images have one channel, colour images three.

    Raises:
        UnreadableImageError: The bytes are cut short, altered or no image.
        DataError: The image is not square, or of another kind than 8-bit grey or RGB.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            _check(image, path)
            pixels = np.asarray(image)
    except BROKEN as error:
        raise UnreadableImageError(
            f"the image {str(path)!r} cannot be read: {error}",
            mend="replace it, take its sample out of the data set, or raise data.bad_images, "
            "the share of samples that may be dropped for such an image",
        ) from error
    return pixels.reshape(*pixels.shape[:2], -1)


def _check(image: Image.Image, path: Path) -> None:
    if image.mode not in CHANNELS:
        raise DataError(
            f"the image {str(path)!r} has the mode {image.mode}",
            legal="8-bit grey (L) or RGB; no alpha, no palette, no 16 bits, no CMYK",
            mend="convert it: what a palette, an alpha channel or 16 bits mean is for you to say",
        )
    if getattr(image, "n_frames", 1) != 1:
        raise DataError(
            f"the image {str(path)!r} holds {getattr(image, 'n_frames', 1)} pages",
            legal="one page a file",
            mend="write one file per page, and make each a modality",
        )
    if image.width != image.height:
        raise DataError(
            f"the image {str(path)!r} has {image.width} x {image.height} pixels",
            legal="square patches, all of one size within a modality",
            mend="cut the patches square",
        )
