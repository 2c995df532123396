"""The expander: from a representation to the embedding that objectives compare.

Three dense layers in the paper ("three dense layers with ReLU activations of width
8192"), batch norm before each ReLU as in VICReg and in the authors' code. The last
layer is dense with a bias and nothing after it: 151,052,288 parameters on a
representation of 2048 (the official VICReg has no bias there: 8,192 fewer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from harness.config.base import Config

if TYPE_CHECKING:
    from harness.models.nets.dense import ExpanderModule


class Expander(Config):
    """Dense-BN-ReLU (depth - 1 times), then Dense.

    Attributes:
        width: Features after every layer, and of the embedding.
        depth: How many dense layers.
    """

    width: int = Field(default=8192, gt=0)
    depth: int = Field(default=3, gt=0)

    def build(self, in_features: int) -> ExpanderModule:
        """The module, freshly initialised from the global random state."""
        from harness.models.nets.dense import ExpanderModule

        return ExpanderModule(in_features, self.width, self.depth)

    def parameters(self, in_features: int) -> int:
        """How many numbers are trained, without torch."""
        dense = (in_features + 1) * self.width + (self.depth - 1) * (self.width + 1) * self.width
        return dense + (self.depth - 1) * 2 * self.width
