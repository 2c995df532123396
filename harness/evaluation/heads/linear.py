"""The paper's classifier: one dense layer with softmax (section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evaluation.heads.stepped import Stepped

if TYPE_CHECKING:
    from torch import Generator, nn


class Linear(Stepped, name="linear"):
    """A dense layer with softmax."""

    def network(self, features: int, classes: int, generator: Generator) -> nn.Module:
        """See `Stepped.network`."""
        from harness.evaluation.heads.fit.dense import dense

        return dense(features, classes, generator)
