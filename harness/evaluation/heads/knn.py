"""The vote of the nearest training samples: a probe that trains nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.errors import ConfigError
from harness.evaluation.heads import Fitted, Floats, Head


class Knn(Head, name="knn"):
    """Weighted k-nearest neighbours by cosine similarity (Wu et al. 2018, section 3.4).

    Each of the k most similar training samples votes for its class with the weight
    exp(similarity / t); probabilities are the votes' shares. All samples as similar as the
    k-th one vote, so the order of the training samples decides nothing. A sample without
    any feature is as similar as 0 to every other.

    Attributes:
        k: How many neighbours vote.
        t: The temperature of the votes; a large one makes them equal.
    """

    k: int = Field(default=20, ge=1)
    t: float = Field(default=0.07, gt=0)

    def fit(self, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, seed: int) -> Fitted:
        """See `Head.fit`; nothing is trained, and nothing is random.

        Raises:
            ConfigError: There are fewer than k training samples.
        """
        from harness.evaluation.heads.fit.neighbours import Neighbours

        if self.k > len(labels_N):
            raise ConfigError(
                f"k is {self.k}, but the head has {len(labels_N)} training samples",
                where="head.k",
                legal=f"1 to {len(labels_N)}",
                mend="take fewer neighbours or a larger fraction",
            )
        return Neighbours(features_NF, labels_N, classes, self.k, self.t)
