"""Small arrays to the device, and operations on those images of a batch that they hit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def to_device(array: npt.NDArray[Any], device: torch.device) -> Tensor:
    """A small array on `device`, through pinned memory to a GPU so that its queue is not waited for."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def per_image(values: npt.NDArray[np.float64], device: torch.device) -> Tensor:
    """One float32 number an image, shaped (B, 1, 1, 1)."""
    return to_device(values.astype(np.float32), device)[:, None, None, None]


def on_hit(
    x_BCHW: Tensor, hit: npt.NDArray[np.bool_], operation: Callable[[Tensor, npt.NDArray[np.intp]], Tensor]
) -> Tensor:
    """The batch with `operation` done to the images that `hit` marks, at no cost for the others.

    Args:
        x_BCHW: The batch; it may be written to.
        hit: Which images, (B,).
        operation: Takes those images, which it may write to, and their rows.
    """
    rows = np.flatnonzero(hit)
    if len(rows) == 0:
        return x_BCHW
    if len(rows) == len(hit):
        return operation(x_BCHW, rows)
    index = to_device(rows, x_BCHW.device)
    return x_BCHW.index_copy_(0, index, operation(x_BCHW.index_select(0, index), rows))
