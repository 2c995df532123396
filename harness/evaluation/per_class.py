"""What a probe finds of each class: recall, precision, F1, support, and which class is taken for which.

They are facts of a run and no metrics: nine classes make 36 numbers and 81 counts, which
would bury the four that tables compare. All lists are in the order of the label's
classes. What is undefined is None: recall and F1 of a class without a test sample,
precision of one that is never predicted (scikit-learn puts 0 there, with a warning).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.auroc import ratio
from harness.evaluation.metrics import confusion
from harness.evaluation.predictions import Predictions


def per_class(predictions: Predictions) -> dict[str, Any]:
    """Plain data for a run's facts.

    Returns:
        `confusion`, counts with a row a label and a column a predicted class, and
        `per_class` with the lists `recall`, `precision`, `f1` and `support`, the number
        of test samples of the class.
    """
    counts_CC = confusion(predictions).sum(axis=0)
    true_C, support_C, predicted_C = np.diagonal(counts_CC), counts_CC.sum(axis=1), counts_CC.sum(axis=0)
    f1_C = ratio(2 * true_C, np.where(support_C > 0, support_C + predicted_C, 0.0))
    shares = {"recall": ratio(true_C, support_C), "precision": ratio(true_C, predicted_C), "f1": f1_C}
    listed = {name: _plain(share_C) for name, share_C in shares.items()}
    return {
        "confusion": counts_CC.astype(np.int64).tolist(),
        "per_class": {**listed, "support": support_C.astype(np.int64).tolist()},
    }


def _plain(share_C: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(share) else float(share) for share in share_C]
