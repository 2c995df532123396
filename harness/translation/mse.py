"""The mean squared error of images, as a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.translation import Loss

if TYPE_CHECKING:
    from torch import nn


class Mse(Loss, name="mse"):
    """The mean over samples, channels and pixels of the squared difference."""

    formula: ClassVar[str] = "mean((x - y)^2)"

    def build(self) -> nn.Module:
        """See `Loss.build`."""
        from harness.translation.loss.mse import MseLoss

        return MseLoss()
