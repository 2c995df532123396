"""The expander: from a representation to the embedding that objectives compare.

Three dense layers in the paper ("three dense layers with ReLU activations of width
8192"), batch norm before each ReLU as in VICReg and in the authors' code. The last
layer is dense with a bias and nothing after it: 151,052,288 parameters on a
representation of 2048 (the official VICReg has no bias there: 8,192 fewer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from harness.config.base import Config, Since

if TYPE_CHECKING:
    from harness.models.nets.dense import ExpanderModule


class Expander(Config):
    """Dense-BN-ReLU (depth - 1 times), then Dense.

    Attributes:
        width: Features after every layer, and of the embedding.
        depth: How many dense layers.
        batch_norm_eps: Added to the variance; Keras, which the authors use, has 1e-3.
        batch_norm_momentum: The share of a batch in the running statistics; Keras has 0.01.
        initialisation: Of the dense layers: `torch` draws weights and biases uniformly within
            1 / sqrt(inputs); `glorot` draws weights by Glorot and Bengio (2010) and has
            biases of zero, as Keras does.
    """

    width: int = Field(default=8192, gt=0)
    depth: int = Field(default=3, gt=0)
    batch_norm_eps: Annotated[float, Since(1e-5), Field(gt=0)] = 1e-5
    batch_norm_momentum: Annotated[float, Since(0.1), Field(gt=0, le=1)] = 0.1
    initialisation: Annotated[Literal["torch", "glorot"], Since("torch")] = "torch"

    def build(self, in_features: int) -> ExpanderModule:
        """The module, freshly initialised from the global random state."""
        from harness.models.nets.dense import ExpanderModule, begin_as_keras

        module = ExpanderModule(in_features, self.width, self.depth)
        for norm in module.norms():
            norm.eps, norm.momentum = self.batch_norm_eps, self.batch_norm_momentum
        if self.initialisation == "glorot":
            begin_as_keras(module)
        return module

    def parameters(self, in_features: int) -> int:
        """How many numbers are trained, without torch."""
        dense = (in_features + 1) * self.width + (self.depth - 1) * (self.width + 1) * self.width
        return dense + (self.depth - 1) * 2 * self.width
