"""The classifier that the authors' code builds by default: one hidden layer of 256 between two batch norms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evaluation.heads.stepped import Stepped

if TYPE_CHECKING:
    from torch import Generator, nn

HIDDEN = 256


class Mlp256(Stepped, name="mlp256"):
    """Batch norm, dense layer of 256, ReLU, batch norm, dense layer with softmax.

    The order is that of the authors' code, where the second norm follows the ReLU, and
    the norms are as Keras makes them: with weights, eps 1e-3, momentum 0.01 in torch's
    sense. So the running statistics take some hundreds of steps to leave their start,
    which a few epochs on a small set do not give. The paper's text has no hidden layer.
    """

    def network(self, features: int, classes: int, generator: Generator) -> nn.Module:
        """See `Stepped.network`."""
        from harness.evaluation.heads.fit.dense import hidden_dense

        return hidden_dense(features, HIDDEN, classes, generator)
