"""Flips and crop in one resampling: each side has two source lines and a weight for every line it makes.

Bilinear resizing is separable, and a flip only renumbers lines, so an image is
made from columns gathered and mixed, then rows. Lines and weights are worked out
in float64 on the host: a side has few of them. The meaning is that of torch's
`interpolate(mode="bilinear", align_corners=False, antialias=False)` on the crop of
the flipped image; the authors' resize is bilinear without antialiasing too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.ops.draws import Draws, Flags, Floats
from harness.data.augment.ops.plain import unit_scale
from harness.data.augment.ops.transfer import to_device


@dataclass(frozen=True)
class Taps:
    """For each line of a side, the two source lines it mixes and the second one's weight; each (B, side)."""

    near: npt.NDArray[np.int64]
    far: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]


def flip_and_crop(x_BHWC: Tensor, draws: Draws) -> Tensor:
    """Bytes flipped, cropped and resized back: contiguous float32 of (B, C, H, W) in [0, 1].

    Lines are mixed where they lie outermost, so that one is copied as a block: first
    the columns, then, after exchanging the sides, the rows.
    """
    height, width = x_BHWC.shape[1:3]
    x_BWCH = unit_scale(x_BHWC.permute(0, 2, 3, 1))
    x_BWCH = _mix(x_BWCH, 1, taps(width, draws.crop_width, draws.crop_left, draws.flip_lr))
    x_BCHW = x_BWCH.permute(0, 2, 3, 1).contiguous()
    return _mix(x_BCHW, 2, taps(height, draws.crop_height, draws.crop_top, draws.flip_ud))


def taps(side: int, part: Floats, place: Floats, flip: Flags) -> Taps:
    """The source lines of one side.

    Args:
        side: Its length in px.
        part: The part of it that is kept, cut to whole pixels; (B,).
        place: Where the crop lies among its possible places, in [0, 1); (B,).
        flip: Whether the side is reversed before; (B,).
    """
    length = np.maximum(np.floor(part * side), 1.0)[:, None]
    start = np.floor(place[:, None] * (side - length + 1.0))
    centre = np.maximum((np.arange(side) + 0.5) * (length / side) - 0.5, 0.0)
    near = np.minimum(np.floor(centre), length - 1.0)
    far = np.minimum(near + 1.0, length - 1.0)
    near_line, far_line = (np.where(flip[:, None], side - 1 - start - line, start + line) for line in (near, far))
    return Taps(near_line.astype(np.int64), far_line.astype(np.int64), (centre - near).astype(np.float32))


def _mix(x: Tensor, dim: int, lines: Taps) -> Tensor:
    """The lines along `dim` of a contiguous batch mixed anew; dimensions between it and the batch are planes."""
    batch, planes, side = len(x), x.shape[1:dim].numel(), x.shape[dim]
    stacked = x.view(batch * planes * side, -1)
    start = torch.arange(batch * planes, device=x.device).mul_(side).view(batch, planes, 1)

    def gather(line: npt.NDArray[np.int64]) -> Tensor:
        places = to_device(line, x.device)[:, None] + start
        return stacked.index_select(0, places.view(-1)).view(batch, planes, side, -1)

    weight = to_device(lines.weight, x.device)[:, None, :, None]
    return gather(lines.near).lerp_(gather(lines.far), weight).view(x.shape)
