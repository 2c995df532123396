"""One sample's images, read, checked against their hashes, decoded and made smaller."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.hashes import array_hash
from harness.data.images import UnreadableImageError, decoded
from harness.data.manifest import Manifest, Modality
from harness.data.resize import area_resized, nearest_resized
from harness.errors import DataError

RESIZED: dict[str, Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]] = {
    "area": area_resized,
    "nearest": nearest_resized,
}


@dataclass(frozen=True, eq=False)
class ReadImage:
    """An image of a sample.

    Attributes:
        origin: Where it stands, for an error.
        native: The shape in the file.
        pixels: uint8 (H, W, C), after the resize.
        sums: Per channel, the sum of the pixels and of their squares, as whole numbers.
    """

    origin: str
    native: tuple[int, ...]
    pixels: NDArray[np.uint8]
    sums: NDArray[np.int64]


Sample = dict[str, ReadImage] | UnreadableImageError
"""The images of a sample by modality, or why one of them cannot be decoded."""


def reader(manifest: Manifest, size: int) -> Callable[[int], Sample]:
    """A function from a row of the manifest to its images, fit for threads."""
    images = [part for part in manifest.modalities.values() if part.kind == "image"]
    return partial(_sample, images=images, hashes=manifest.image_hashes, size=size)


def native_image(part: Modality, row: int, sha256: str) -> NDArray[np.uint8]:
    """A sample's image as it is stored, uint8 (side, side, C), from the very bytes whose hash is given.

    Args:
        part: An image modality.
        row: The sample.
        sha256: The hash of its file, or of its row.

    Raises:
        UnreadableImageError: The file cannot be decoded.
        DataError: The file cannot be read, is another than the hash says, or is no square 8-bit image.
    """
    if part.pixels is not None:
        image = part.pixels.image(row)
        _check_hash(array_hash(image), sha256, part.origin(row))
        return image
    assert part.files is not None
    return decoded(_content(part.files[row], sha256), part.files[row])


def _sample(row: int, images: list[Modality], hashes: dict[str, tuple[str, ...]], size: int) -> Sample:
    try:
        return {part.name: _image(part, row, hashes[part.name][row], size) for part in images}
    except UnreadableImageError as error:
        return error


def _image(part: Modality, row: int, sha256: str, size: int) -> ReadImage:
    image = native_image(part, row, sha256)
    if size > len(image):
        raise DataError(
            f"the image {part.origin(row)} has sides of {len(image)} px, fewer than data.size {size}",
            legal=f"a size of 1 to {len(image)}",
            mend="take a smaller data.size: enlarging adds nothing that the images hold",
        )
    pixels = RESIZED[part.resize](image, size)
    flat = pixels.reshape(-1, pixels.shape[-1]).astype(np.int64)
    return ReadImage(part.origin(row), image.shape, pixels, np.stack([flat.sum(axis=0), (flat * flat).sum(axis=0)]))


def _content(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"the file {str(path)!r} cannot be read: {error.strerror or error}", mend="restore it"
        ) from error
    _check_hash(hashlib.sha256(content).hexdigest(), sha256, f"the file {str(path)!r}")
    return content


def _check_hash(found: str, sha256: str, what: str) -> None:
    if found != sha256:
        raise DataError(
            f"{what} is not the one that the data's digest was made from",
            legal=f"the contents with the SHA-256 {sha256}",
            mend="if it was meant to change, touch it, so that its time of change says so, and plan again",
        )
