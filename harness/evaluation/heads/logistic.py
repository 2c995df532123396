"""Logistic regression: the head of the hand-made floors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.evaluation.heads import Fitted, Floats, Head


class Logistic(Head, name="logistic"):
    """L2-regularised multinomial logistic regression to convergence, on standardised features.

    Attributes:
        inverse_penalty: scikit-learn's C.
    """

    inverse_penalty: float = Field(default=1.0, gt=0)

    def fit(self, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, seed: int) -> Fitted:
        """See `Head.fit`; there is nothing random in it. A class that training lacks gets probability 0."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if len(np.unique(labels_N)) < 2:
            return lambda features_MF: _only(int(labels_N[0]), len(features_MF), classes)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=self.inverse_penalty, max_iter=5000))
        model.fit(features_NF, labels_N)

        def probabilities(features_MF: Floats) -> Floats:
            found_MC = np.zeros((len(features_MF), classes), dtype=np.float32)
            found_MC[:, model.classes_] = model.predict_proba(features_MF)
            return found_MC

        return probabilities


def _only(label: int, samples: int, classes: int) -> Floats:
    """Probability 1 for the one class that training had."""
    found_MC = np.zeros((samples, classes), dtype=np.float32)
    found_MC[:, label] = 1.0
    return found_MC
