"""The area under the ROC curve, for many weightings of the samples at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auroc(labels_N: NDArray[np.int64], probabilities_NC: NDArray[np.floating[Any]], weights_RN: Floats) -> Floats:
    """AUROC under each of R weightings of N samples.

    Two classes: of the probability of class 1. More: each class with a sample
    against the rest, averaged without weights (macro, one against the rest); a
    class without a sample has no curve and is left out.

    Returns:
        R values; NaN where every sample with weight is of one class.
    """
    if probabilities_NC.shape[1] == 2:
        return binary_auroc(labels_N == 1, probabilities_NC[:, 1], weights_RN)
    present = np.unique(labels_N)
    each = np.stack([binary_auroc(labels_N == kind, probabilities_NC[:, kind], weights_RN) for kind in present])
    return _mean_of_finite(each)


def binary_auroc(positive_N: NDArray[np.bool_], scores_N: NDArray[np.floating[Any]], weights_RN: Floats) -> Floats:
    """The weighted share of (positive, negative) pairs in which the positive scores higher, a tie counting half.

    One sort serves all weightings: with samples in ascending order of score, the
    negatives below a positive are a cumulative sum up to the first of its ties.
    """
    order = np.argsort(scores_N, kind="stable")
    ordered, is_positive = scores_N[order], positive_N[order]
    positives = ordered[is_positive]
    negatives = ordered[~is_positive]
    below = np.searchsorted(negatives, positives, side="left")
    up_to = np.searchsorted(negatives, positives, side="right")
    weights_of_positives = weights_RN[:, order[is_positive]]
    total = np.zeros((len(weights_RN), len(negatives) + 1))
    np.cumsum(weights_RN[:, order[~is_positive]], axis=1, out=total[:, 1:])
    wins = np.einsum("rp,rp->r", weights_of_positives, total[:, below] + total[:, up_to]) / 2
    pairs = weights_of_positives.sum(axis=1) * total[:, -1]
    return ratio(wins, pairs)


def _mean_of_finite(values_KR: Floats) -> Floats:
    """The mean over K classes of those that are defined; NaN where none is."""
    known = np.isfinite(values_KR)
    return ratio(np.where(known, values_KR, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, NaN where there is nothing to divide by."""
    found: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return found
