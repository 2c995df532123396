"""The module of the mean squared error, and the error of each image."""

from __future__ import annotations

from torch import Tensor

from harness.translation.loss.base import LossModule


class MseLoss(LossModule):
    """See `harness.translation.mse`."""

    def terms(self, predicted_BCHW: Tensor, target_BCHW: Tensor) -> dict[str, Tensor]:
        """See `LossModule.terms`."""
        return {"loss": mse(predicted_BCHW, target_BCHW).mean()}


def mse(x_BCHW: Tensor, y_BCHW: Tensor) -> Tensor:
    """The mean squared difference of each image, B."""
    return (x_BCHW - y_BCHW).square().mean((1, 2, 3))
