"""Classifier heads on frozen features: what a probe trains."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.config.family import Family

Floats = NDArray[np.float32]
Fitted = Callable[[Floats], Floats]


class Head(Family, package="harness.evaluation.heads"):
    """A head's settings."""

    @abstractmethod
    def fit(self, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, seed: int) -> Fitted:
        """Train on features.

        Args:
            features_NF: One row per sample.
            labels_N: Class numbers.
            classes: How many classes there are, those without a sample too.
            seed: Of the initial weights and the order of the samples.

        Returns:
            A function from features (M x F) to class probabilities (M x classes).
        """
