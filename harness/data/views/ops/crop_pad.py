"""Everything but the centre made black."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.kinds import images_only
from harness.data.views.ops.channels import three_channels


def crop_pad(x_BHWC: Tensor, keys: npt.NDArray[np.uint64], keep: float) -> Tensor:
    """The batch with zeros outside a centred square; new memory.

    An odd remainder leaves one line more at the bottom and the right.

    Args:
        x_BHWC: uint8 images.
        keys: Of the samples; they have no part in it.
        keep: The part of a side that is kept.

    Raises:
        DataError: `x_BHWC` holds no images.
    """
    x = three_channels(images_only(x_BHWC, "crop_pad"), keys)
    height, width = (_kept(side, keep) for side in x.shape[1:3])
    y = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    y[:, height, width] = x[:, height, width]
    return y


def _kept(side: int, keep: float) -> slice:
    length = max(1, round(keep * side))
    start = (side - length) // 2
    return slice(start, start + length)
