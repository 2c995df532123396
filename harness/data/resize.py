"""Downsizing images. By area, each new pixel is the mean over the area that it covers, exactly;
by the nearest pixel where pixels are type numbers, which have no mean.

The weights are exact also where the sides do not divide (Pillow's box filter counts
a pixel whole or not at all there), and all sums are whole numbers, so every machine
gets the same bytes. No matrix product: its threads would fight those that decode.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 1 << 15
"""Below this side the first sums, at most 255 times twice the side, are far within int32."""


def area_resized(image_HWC: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """A square image with sides of `size`, which is at most its own.

    Each output pixel covers a square with sides of native / size; its value is the
    mean over that square, a pixel cut by the border counting by its share, rounded
    half up.

    Args:
        image_HWC: uint8, H = W.
        size: The new side in pixels.
    """
    native = len(image_HWC)
    assert native == image_HWC.shape[1] < LARGEST
    assert 1 <= size <= native
    if native == size:
        return image_HWC
    rows = _covered_sums(image_HWC, size, np.int32)
    sums = _covered_sums(rows.transpose(1, 0, 2), size, np.int64).transpose(1, 0, 2)
    area = native * native
    means: NDArray[np.uint8] = ((2 * sums + area) // (2 * area)).astype(np.uint8)
    return means


def nearest_resized(image_HWC: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """A square image with sides of `size`: each pixel is the input pixel under its centre."""
    native = len(image_HWC)
    under = (2 * np.arange(size) + 1) * native // (2 * size)
    resized: NDArray[np.uint8] = image_HWC[under][:, under]
    return resized


def _covered_sums(values: NDArray[Any], size: int, kind: type[np.signedinteger[Any]]) -> NDArray[Any]:
    """Sums along the first axis over `size` equal intervals, in units of 1 / size of a pixel.

    Interval i runs from i n / size to (i + 1) n / size: the pixels from the one in which
    it begins to the one before that in which it ends, less what lies before its
    beginning, and with what lies before its end.
    """
    native = len(values)
    whole, part = np.divmod(np.arange(size + 1) * native, size)
    before = values[np.minimum(whole, native - 1)] * part.astype(kind).reshape(-1, 1, 1)
    sums: NDArray[Any] = np.add.reduceat(values, whole[:-1], axis=0, dtype=kind) * kind(size)
    sums += before[1:] - before[:-1]
    return sums
