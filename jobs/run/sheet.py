"""A sheet of images to look at: what a U-Net saw, what it painted, and what is there."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    from jobs.run.painter import Painted


def sheet(painted: Iterable[Painted]) -> bytes:
    """A PNG of three rows, the inputs, what was painted, and the targets, with a column for each sample.

    Args:
        painted: Batches of images, one at least.
    """
    batches = list(painted)
    rows = ([getattr(batch, name) for batch in batches] for name in ("seen", "predicted", "target"))
    pixels_HWC = torch.cat([side_by_side(torch.cat(row)) for row in rows])
    png = io.BytesIO()
    Image.fromarray(pixels_HWC.numpy()).save(png, format="PNG")
    return png.getvalue()


def side_by_side(x_BCHW: Tensor) -> Tensor:
    """Images in 0..1 in a row, as bytes, H x (B W) x C."""
    return bytes_of(x_BCHW).permute(1, 0, 2, 3).flatten(1, 2)


def bytes_of(x_BCHW: Tensor) -> Tensor:
    """Images in 0..1 as bytes on the CPU, each value the nearest, B x H x W x C."""
    return (x_BCHW * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().contiguous()
