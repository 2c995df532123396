"""Losses between a predicted image and the one that it should be, a file each: what a U-Net minimises.

An image is as like its target as the mean over samples says, so over W ranks with equal
shares the mean of the ranks' losses is the loss of one process on the whole batch, with
exactly its gradient. Nothing needs to be gathered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.config.family import Family

if TYPE_CHECKING:
    from torch import nn


class Loss(Family, package="harness.translation"):
    """A loss of images in 0..1.

    Attributes:
        formula: The definition in one line.
        least_size: The smallest side in px of an image that it is defined for.
    """

    formula: ClassVar[str] = ""
    least_size: ClassVar[int] = 1

    def build(self) -> nn.Module:
        """The loss as a module.

        Its `forward(predicted, target)` takes two B x C x H x W tensors in 0..1, this rank's
        samples, and returns scalars by name: "loss" and whatever else is worth a look. It
        computes in float32 or better, whatever autocast says, and holds no parameters.
        """
        raise NotImplementedError
