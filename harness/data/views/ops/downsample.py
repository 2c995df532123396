"""Bilinear resizing in whole numbers: the same bytes on every device and in every batch.

The weights of a bilinear resize are fractions with one denominator a line, so each
pixel is a sum of integers over an integer. The sums stay below 2^53, which makes
their matrix products exact in float64, in whatever order a library adds them up.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.kinds import images_only
from harness.data.views.ops.channels import three_channels
from harness.errors import DataError

Matrix = npt.NDArray[np.float64]

AT_ONCE = 32
"""Images that are in float64 at a time."""


def downsample(x_BHWC: Tensor, keys: npt.NDArray[np.uint64], side: int, antialias: bool) -> Tensor:
    """The batch made smaller and larger again.

    Args:
        x_BHWC: uint8 images.
        keys: Of the samples; they have no part in it.
        side: Of the small image in px.
        antialias: Whether the small one averages.

    Raises:
        DataError: `x_BHWC` holds no images, or smaller ones than `side`.
    """
    x = images_only(x_BHWC, "downsample")
    native = x.shape[1]
    if side > native:
        raise DataError(
            f"a view of {side} px is asked of images of {native} px",
            where="downsample.side",
            legal=f"1 to {native}",
            mend="take a smaller side, or a larger data.size",
        )
    down = _triangle(native, side) if antialias else _bilinear(native, side)
    up = _bilinear(side, native)
    parts = [_resized(_resized(part, down), up) for part in torch.split(x, AT_ONCE)]
    return three_channels(torch.cat(parts), keys)


def _resized(x_BHWC: Tensor, weights_OI: Matrix) -> Tensor:
    """Both sides resized by weights that are whole numbers; halves are rounded up."""
    weights = torch.from_numpy(weights_OI).to(x_BHWC.device)
    total = weights.sum(dim=1)
    x_BCHW = x_BHWC.permute(0, 3, 1, 2).to(torch.float64)
    sums_BCOO = weights @ x_BCHW @ weights.T
    whole = total[:, None] * total[None, :]
    rounded = torch.div(2 * sums_BCOO + whole, 2 * whole, rounding_mode="floor")
    return rounded.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


@cache
def _bilinear(native: int, side: int) -> Matrix:
    """Weights, 2 x side a line, of a resize that mixes the two nearest pixels of each line; (side, native)."""
    weights = np.zeros((side, native))
    for line in range(side):
        place = max((2 * line + 1) * native - side, 0)
        near, part = divmod(place, 2 * side)
        weights[line, min(near, native - 1)] += 2 * side - part
        weights[line, min(near + 1, native - 1)] += part
    return weights


@cache
def _triangle(native: int, side: int) -> Matrix:
    """Weights that fall in a straight line to 0 at one small pixel's distance; (side, native)."""
    line, pixel = np.arange(side)[:, None], np.arange(native)[None, :]
    distance = np.abs((2 * pixel + 1) * side - (2 * line + 1) * native)
    weights: Matrix = np.maximum(2 * native - distance, 0).astype(np.float64)
    return weights
