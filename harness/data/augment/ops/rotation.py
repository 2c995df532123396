"""Rotation about the centre; what comes from outside the image is 0."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from harness.data.augment.ops.draws import Floats
from harness.data.augment.ops.transfer import to_device


def rotate(x_BCHW: Tensor, angle: Floats, mode: Literal["bilinear", "nearest"]) -> Tensor:
    """Each image turned anticlockwise by its angle in radians; (B,) angles, a new batch."""
    grid = _sources(angle, x_BCHW.shape[2], x_BCHW.shape[3], x_BCHW.device)
    return F.grid_sample(x_BCHW, grid, mode=mode, padding_mode="zeros", align_corners=False)


def source_parts(angle: Floats, height: int, width: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """What a column and what a row bring to a pixel's source, x first: (2, B, W) and (2, B, H).

    Units are grid_sample's, where -1 and 1 are the image's edges. A source coordinate
    is the sum of a part of the column and a part of the row. The parts are few and
    made in float64; the sum is one addition, which no batch size, device or reduced
    precision of matrix products can change.
    """
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    column, row = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    columns = np.stack([cosine * column * 2 / width, sine * column * 2 / height])
    rows = np.stack([-sine * row * 2 / width, cosine * row * 2 / height])
    return columns.astype(np.float32), rows.astype(np.float32)


def _sources(angle: Floats, height: int, width: int, device: torch.device) -> Tensor:
    """Where each pixel comes from, (B, H, W, 2)."""
    parts = source_parts(angle, height, width)
    columns, rows = (to_device(np.moveaxis(part, 0, -1), device) for part in parts)
    return columns[:, None] + rows[:, :, None]
