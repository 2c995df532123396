"""The memory of batches, given out again when nobody holds it any more.

A batch belongs to whoever holds it, for as long as he does. Memory that is taken
fresh from the system costs as much again as the copy into it: each of its pages is
cleared and mapped first. So a block whose batch was let go of serves the next one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.data.stored import StoredArray

KEPT = 8
"""Blocks of one size that are kept for later; more are given back to the system."""

Block = NDArray[np.uint8]


class Recycled:
    """Gives out arrays whose memory comes back by itself."""

    def __init__(self) -> None:
        self.free: defaultdict[int, list[Block]] = defaultdict(list)

    def rows(self, stored: StoredArray, count: int) -> NDArray[Any]:
        """Room for some rows of an array of the pack; it and all that looks into it are one holder."""
        shape = (count, *stored.shape[1:])
        num_bytes = math.prod(shape) * np.dtype(stored.dtype).itemsize
        blocks = self.free[num_bytes]
        block = blocks.pop() if blocks else np.empty(num_bytes, np.uint8)
        return np.asarray(_Held(block, blocks)).view(stored.dtype).reshape(shape)


def tensor(array: NDArray[Any]) -> Tensor:
    """The array as a tensor that looks into it."""
    return torch.from_numpy(array)


class _Held:
    """Stands behind every array and tensor that looks into a block; with the last of them it dies."""

    def __init__(self, block: Block, free: list[Block]) -> None:
        self.block, self.free = block, free
        self.__array_interface__ = block.__array_interface__

    def __del__(self) -> None:
        if len(self.free) < KEPT:
            self.free.append(self.block)
