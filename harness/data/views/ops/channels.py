"""One channel made three: encoders take three, and the paper repeats its masks so."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor

from harness.data.kinds import is_vectors


def three_channels(x: Tensor, keys: npt.NDArray[np.uint64]) -> Tensor:
    """Images with three channels.

    Args:
        x: uint8 images (B, H, W, 1 or 3), or float32 vectors (B, D).
        keys: Of the samples; they have no part in it.

    Returns:
        Images of three channels and vectors as they are; a single channel three
        times over, (B, H, W, 3), without a copy.

    Raises:
        DataError: `x` is neither.
    """
    return x if is_vectors(x) or x.shape[3] == 3 else x.expand(-1, -1, -1, 3)
