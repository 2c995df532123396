"""Bytes to numbers, as every augmentation begins and `none` ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.kinds import is_vectors


def plain(x: Tensor, keys: npt.NDArray[np.uint64], epoch: int, branch: int) -> Tensor:
    """The batch without any augmentation; see `Augmenter`."""
    return x if is_vectors(x) else unit_scale(x.permute(0, 3, 1, 2))


def unit_scale(x: Tensor) -> Tensor:
    """Bytes as float32 in [0, 1], contiguous in the order of the dimensions."""
    return x.to(torch.float32, memory_format=torch.contiguous_format).div_(255.0)
