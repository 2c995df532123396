"""Hue turned in HSV, with value and saturation as they are.

In HSV a turn of the hue keeps a pixel's largest and smallest channel values and
moves the channels between them. With h the hue in sixths of a turn, a channel lies
at smallest + chroma * ramp(h), where the ramp is a trapezium of period 6: at 1
within 1 of the channel's own hue (red 0, green 2, blue 4), at 0 beyond 2 from it.
"""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-30
SIXTHS = 6.0


def adjust_hue(x_BCHW: Tensor, turn: Tensor) -> Tensor:
    """The image with its hue turned, in place; turns are (B, 1, 1, 1), in whole turns. One channel has no hue."""
    if x_BCHW.shape[1] == 1:
        return x_BCHW
    red, green, blue = x_BCHW.unbind(1)
    upper, lower = torch.maximum(green, blue), torch.minimum(green, blue)
    smallest = torch.minimum(red, lower)
    chroma = torch.maximum(red, upper).sub_(smallest)
    hue = _hue(red, green - blue, upper, lower, chroma).add_(turn[:, 0] * SIXTHS)
    hue.sub_((hue / SIXTHS).floor_().mul_(SIXTHS))
    torch.addcmul(smallest, chroma, (hue - 3.0).abs_().sub_(1.0).clamp_(0.0, 1.0), out=red)
    torch.addcmul(smallest, chroma, _ramp(hue, 2.0), out=green)
    torch.addcmul(smallest, chroma, _ramp(hue, 4.0), out=blue)
    return x_BCHW


def _hue(red: Tensor, green_less_blue: Tensor, upper: Tensor, lower: Tensor, chroma: Tensor) -> Tensor:
    """The hue in sixths of a turn, -3 to 3, with no branches.

    Let green be at least blue; else the two change places and the hue its sign. Then
    from red (0) over yellow (1) to green (2) it is 1 + (green - red) / chroma, and on
    to cyan (3), where red is smallest, (blue - red) / chroma more. Without chroma it
    is any number, which chroma is then multiplied with.
    """
    beyond = (lower - red).clamp_min_(0.0)
    hue = (upper - red).add_(beyond).div_(chroma.clamp_min(TINY)).add_(1.0)
    return hue.copysign_(green_less_blue)


def _ramp(hue: Tensor, centre: float) -> Tensor:
    return (hue - centre).abs_().neg_().add_(2.0).clamp_(0.0, 1.0)
