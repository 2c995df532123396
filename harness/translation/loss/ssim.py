"""The module of structural similarity, and the similarity of each image.

Written here because torchmetrics' pads by reflection and counts the padded border in
(1.9: 5 % off on noise of 64 px), and because the gradient of that padding has no
deterministic form on a GPU. A mean in a Gaussian window is two matrix products with a
band of the weights: 3 to 8 times as fast on a CPU as its grouped convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor

from harness.errors import ConfigError
from harness.translation.loss.base import LossModule
from harness.translation.ssim import SIDE

SIGMA = 1.5
C1, C2 = 0.01**2, 0.03**2


class SsimLoss(LossModule):
    """See `harness.translation.ssim`."""

    def terms(self, predicted_BCHW: Tensor, target_BCHW: Tensor) -> dict[str, Tensor]:
        """See `LossModule.terms`."""
        similarity = ssim(predicted_BCHW, target_BCHW).mean()
        return {"loss": 1 - similarity, "ssim": similarity.detach()}


def ssim(x_BCHW: Tensor, y_BCHW: Tensor) -> Tensor:
    """The structural similarity of each image with the other, over its channels and windows, B.

    Args:
        x_BCHW: Images in 0..1.
        y_BCHW: The same.

    Raises:
        ConfigError: No window fits into the images.
    """
    height, width = x_BCHW.shape[2:]
    if min(height, width) < SIDE:
        raise ConfigError(
            f"structural similarity got images of {width} x {height} px",
            legal=f"{SIDE} px or more",
            mend="raise the size",
        )
    down, across = windows(height, x_BCHW), windows(width, x_BCHW).T
    # Spread and product do not see a shift. Without it, squares of a white background cancel to the fifth digit.
    shift_x, shift_y = (each.detach().mean((2, 3), keepdim=True) for each in (x_BCHW, y_BCHW))
    x, y = x_BCHW - shift_x, y_BCHW - shift_y
    mean_x, mean_y, square_x, square_y, product = (down @ torch.cat([x, y, x * x, y * y, x * y]) @ across).chunk(5)
    spread = square_x - mean_x.square() + square_y - mean_y.square()
    covariance = product - mean_x * mean_y
    mean_x, mean_y = mean_x + shift_x, mean_y + shift_y
    alike = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    found: Tensor = (alike / ((mean_x.square() + mean_y.square() + C1) * (spread + C2))).mean((1, 2, 3))
    return found


def windows(side: int, like: Tensor) -> Tensor:
    """The weights of each window along a side of n px, a row a window, (n - 10) x n.

    Args:
        side: n.
        like: Of the wanted type, on the wanted device.
    """
    place = torch.arange(side, dtype=torch.float64)
    distance = place - place[: side - SIDE + 1, None] - SIDE // 2
    weights = torch.exp(-distance.square() / (2 * SIGMA**2)) * (distance.abs() <= SIDE // 2)
    return (weights / weights.sum(1, keepdim=True)).to(like)
