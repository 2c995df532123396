"""Brightness, contrast and saturation with torchvision's meaning of a factor: 1 leaves the image as it is.

Each blends the image with another (black, its mean grey, its own grey) and cuts
the result to [0, 1]. Images of one channel are their own grey.
"""

from __future__ import annotations

from torch import Tensor

GREY = (0.2989, 0.587, 0.114)


def adjust_brightness(x_BCHW: Tensor, factor: Tensor) -> Tensor:
    """The image times its factor, in place; factors are (B, 1, 1, 1) and not negative."""
    return x_BCHW.mul_(factor).clamp_(0.0, 1.0)


def adjust_contrast(x_BCHW: Tensor, factor: Tensor) -> Tensor:
    """The image drawn to or from the mean of its grey, in place."""
    mean = grey(x_BCHW).mean(dim=(1, 2, 3), keepdim=True)
    return x_BCHW.mul_(factor).add_(mean.mul_(1.0 - factor)).clamp_(0.0, 1.0)


def adjust_saturation(x_BCHW: Tensor, factor: Tensor) -> Tensor:
    """Each pixel drawn to or from its own grey, in place."""
    if x_BCHW.shape[1] == 1:
        return x_BCHW
    other = grey(x_BCHW).mul_(1.0 - factor)
    return x_BCHW.mul_(factor).add_(other).clamp_(0.0, 1.0)


def grey(x_BCHW: Tensor) -> Tensor:
    """The luma of ITU-R BT.601 to four digits, as torchvision has it; (B, 1, H, W), new memory for three channels."""
    if x_BCHW.shape[1] == 1:
        return x_BCHW
    red, green, blue = x_BCHW.unbind(1)
    return (red * GREY[0]).add_(green, alpha=GREY[1]).add_(blue, alpha=GREY[2]).unsqueeze_(1)
