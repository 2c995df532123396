"""Table S1 as the paper's text has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.ops.chain import Batched, Form
from harness.data.augment.ops.colour import adjust_brightness, adjust_contrast, adjust_saturation
from harness.data.augment.ops.crop import flip_and_crop
from harness.data.augment.ops.draws import Draws
from harness.data.augment.ops.hue import adjust_hue
from harness.data.augment.ops.noise import add_background_noise, add_noise
from harness.data.augment.ops.rotation import rotate
from harness.data.augment.ops.solarize import solarize
from harness.data.augment.ops.transfer import on_hit, per_image

if TYPE_CHECKING:
    from harness.data.augment.table_s1 import TableS1


def paper_on(config: TableS1, device: torch.device) -> Form:
    """The form of `TableS1` on a device.

    Raises:
        ConfigError: The settings' back end does not run there.
        MissingDependencyError: It is not installed.
    """
    if config.backend_on(device.type) == "torch":
        return Batched(Paper(config))
    from harness.data.augment.fused.form import Fused

    return Fused(config)


class Paper:
    """The operations of `TableS1`, in their order.

    Args:
        config: The settings.
    """

    def __init__(self, config: TableS1) -> None:
        self.config = config

    def __call__(self, x_BHWC: Tensor, draws: Draws) -> Tensor:
        """See `harness.data.augment.ops.chain.Operations`."""
        config = self.config
        noise = add_noise if config.noise_where == "everywhere" else add_background_noise
        x = flip_and_crop(x_BHWC, draws)
        x = on_hit(x, draws.noise, lambda y, at: noise(y, draws.noise_key[at], config.noise_sigma))
        x = on_hit(x, draws.rotation, lambda y, at: rotate(y, draws.angle[at], config.rotation_interpolation))
        x = on_hit(x, draws.solarize, lambda y, at: solarize(y, draws.threshold[at]))
        return on_hit(x, draws.jitter, lambda y, at: jitter(y, draws, at))


def jitter(x_BCHW: Tensor, draws: Draws, rows: npt.NDArray[np.intp]) -> Tensor:
    """Brightness, contrast, saturation and hue, in this order and in place."""
    factors = np.stack([draws.brightness, draws.contrast, draws.saturation, draws.hue])[:, rows]
    brightness, contrast, saturation, hue = (per_image(factor, x_BCHW.device) for factor in factors)
    x = adjust_brightness(x_BCHW, brightness)
    x = adjust_saturation(adjust_contrast(x, contrast), saturation)
    return adjust_hue(x, hue) if draws.hue[rows].any() else x
