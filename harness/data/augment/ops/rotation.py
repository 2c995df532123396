"""Rotation about the centre; what comes from outside the image is 0."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from harness.data.augment.ops.draws import Floats
from harness.data.augment.ops.transfer import to_device


def rotate(x_BCHW: Tensor, angle: Floats, mode: Literal["bilinear", "nearest"]) -> Tensor:
    """Each image turned anticlockwise by its angle in radians; (B,) angles, a new batch."""
    grid = _sources(angle, x_BCHW.shape[2], x_BCHW.shape[3], x_BCHW.device)
    return F.grid_sample(x_BCHW, grid, mode=mode, padding_mode="zeros", align_corners=False)


def _sources(angle: Floats, height: int, width: int, device: torch.device) -> Tensor:
    """Where each pixel comes from, (B, H, W, 2), in grid_sample's units: -1 and 1 are the image's edges.

    A source coordinate is the sum of a part of the column and a part of the row. The
    parts are few and made in float64; the sum is one addition, which no batch size,
    device or reduced precision of matrix products can change.
    """
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    column, row = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    of_column = np.stack([cosine * column * 2 / width, sine * column * 2 / height], axis=-1)
    of_row = np.stack([-sine * row * 2 / width, cosine * row * 2 / height], axis=-1)
    columns, rows = (to_device(part.astype(np.float32), device) for part in (of_column, of_row))
    return columns[:, None] + rows[:, :, None]
