"""Memory for a batch of images.

A large block is new memory at every batch, whose pages the system hands over one at
a time, as they are first written to: at 224 px that takes as long as all of Table S1
(270 us an image in a virtual machine, 50 us by pages of 2 MB). So large pages are
asked for; where the system has none, nothing is lost.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

LARGE = 2**22
BYTES = 4


def empty(shape: Sequence[int], device: torch.device) -> Tensor:
    """A float32 tensor of undefined values, contiguous."""
    count = math.prod(shape)
    if device.type != "cpu" or count * BYTES < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(*shape, dtype=torch.float32, device=device)
    block = mmap.mmap(-1, count * BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):
        block.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(block, dtype=torch.float32).view(*shape)
