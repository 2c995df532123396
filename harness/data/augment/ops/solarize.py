"""Solarize: invert what is bright."""

from __future__ import annotations

from torch import Tensor

from harness.data.augment.ops.draws import Floats
from harness.data.augment.ops.transfer import per_image


def solarize(x_BCHW: Tensor, threshold: Floats) -> Tensor:
    """1 - x wherever x is at or above the image's threshold, in place; (B,) thresholds.

    Written as x + inverted * (1 - 2 x): on a CPU torch's `where` takes ten times as long.
    """
    inverted = x_BCHW.clone().ge_(per_image(threshold, x_BCHW.device))
    return x_BCHW.add_(inverted.mul_((x_BCHW * -2.0).add_(1.0)))
