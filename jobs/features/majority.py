"""The floor of all floors: features that say nothing, so that the head learns class frequencies alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.features import Features, Floats, Source


class Majority(Features, name="majority"):
    """One feature that is always zero; the head then predicts the most frequent class of training."""

    @classmethod
    def default_head(cls) -> str:
        """Logistic regression, whose bias converges to the classes' log frequencies."""
        return "logistic"

    def extract(self, source: Source, rows: NDArray[np.int64]) -> Floats:
        """See `Features.extract`."""
        return np.zeros((len(rows), 1), dtype=np.float32)
