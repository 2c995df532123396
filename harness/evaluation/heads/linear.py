"""The paper's classifier: one dense layer with softmax (section 2.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.evaluation.heads import Fitted, Floats, Head


class Linear(Head, name="linear"):
    """A dense layer trained by Adam on features computed once.

    The paper trains for 100 epochs at a learning rate of 1e-3, on a batch of 128 as the
    authors' code does; there the features are those of augmented inputs, here of the
    inputs as they are.

    Attributes:
        epochs: Passes over the training features.
        learning_rate: Of Adam.
        global_batch_size: Samples a step; the last, smaller batch of an epoch counts too.
    """

    epochs: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    global_batch_size: int = Field(default=128, ge=1)

    def fit(self, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, seed: int) -> Fitted:
        """See `Head.fit`."""
        from harness.evaluation.heads.fit.dense import fit_dense

        return fit_dense(self, features_NF, labels_N, classes, seed)
