"""How well images are painted: figures for a table, and whether a U-Net learnt to paint at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from harness.translation.loss.mse import mse
from harness.translation.loss.ssim import ssim
from harness.translation.ssim import SIDE

if TYPE_CHECKING:
    from jobs.run.painter import Painted

HIGHEST_PSNR = 100.0


def likeness(painted: Iterable[Painted]) -> dict[str, float]:
    """How alike predicted images and targets are: the mean over images of each figure, by name.

    - ``mse``, and ``psnr`` = -10 log10(mse), the signal-to-noise ratio in dB of an image
      with values in 0..1, at most 100;
    - ``ssim``, see `harness.translation.ssim`, where a side has 11 px or more.

    Args:
        painted: Batches of images, one at least.
    """
    found: dict[str, list[Tensor]] = {}
    for batch in painted:
        for name, values_B in _of_each(batch.predicted, batch.target).items():
            found.setdefault(name, []).append(values_B.double().cpu())
    return {name: float(torch.cat(values).mean()) for name, values in found.items()}


def _of_each(predicted_BCHW: Tensor, target_BCHW: Tensor) -> dict[str, Tensor]:
    error_B = mse(predicted_BCHW, target_BCHW)
    found = {"mse": error_B, "psnr": (-10 * error_B.log10()).clamp_max(HIGHEST_PSNR)}
    if min(target_BCHW.shape[2:]) >= SIDE:
        found["ssim"] = ssim(predicted_BCHW, target_BCHW)
    return found


def beside_one_colour(painted: Iterable[Painted], loss: nn.Module, colour_C: Tensor) -> tuple[float, float]:
    """The loss of what is painted, and of an image of one colour in its place.

    Args:
        painted: Batches of images, one at least.
        loss: A mean over samples; see `Loss.build`.
        colour_C: The colour, one value where all channels are alike.
    """
    sums, count = torch.zeros(2, dtype=torch.float64), 0
    for batch in painted:
        constant = colour_C.to(batch.target).view(1, -1, 1, 1).expand_as(batch.target)
        losses = [loss(image, batch.target)["loss"].double().cpu() for image in (batch.predicted, constant)]
        sums += len(batch.rows) * torch.stack(losses)
        count += len(batch.rows)
    predicted, of_colour = (sums / count).tolist()
    return predicted, of_colour
