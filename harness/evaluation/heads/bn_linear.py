"""A dense layer on standardised features, so that one learning rate suits encoders of any scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evaluation.heads.stepped import Stepped

if TYPE_CHECKING:
    from torch import Generator, nn


class BnLinear(Stepped, name="bn_linear"):
    """Batch norm without weights of its own, then a dense layer with softmax.

    It stays a linear classifier: the norm only rescales each feature. It is the head of
    masked autoencoders' linear probe (He et al. 2022, appendix A.1), whose eps of 1e-6 and
    momentum of 0.1 are taken; the paper's own head has no norm.
    """

    def network(self, features: int, classes: int, generator: Generator) -> nn.Module:
        """See `Stepped.network`."""
        from harness.evaluation.heads.fit.dense import normed_dense

        return normed_dense(features, classes, generator)
