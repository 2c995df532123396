"""The metrics of a probe, from labels and probabilities; each for one weighting of the samples or for many at once.

Metrics that count are computed from confusion matrices, so that thousands of
resamples are one matrix product. A class without a test sample takes part in no
average: its recall, F1 and ROC curve are undefined, and a zero or one in their
place would be made up. A prediction of such a class still counts as an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.auroc import auroc, ratio
from harness.evaluation.predictions import Predictions

Floats = NDArray[np.float64]
NEARLY_ALL = 0.99
CHUNK = 4_000_000


def accuracy(confusion_RCC: Floats) -> Floats:
    """The share of samples on the diagonal of each (label, prediction) matrix."""
    return ratio(np.trace(confusion_RCC, axis1=-2, axis2=-1), confusion_RCC.sum(axis=(-2, -1)))


def balanced_accuracy(confusion_RCC: Floats) -> Floats:
    """The mean over classes with a sample of the share of them found (recall)."""
    diagonal = np.diagonal(confusion_RCC, axis1=-2, axis2=-1)
    return _macro(ratio(diagonal, confusion_RCC.sum(axis=-1)), confusion_RCC)


def macro_f1(confusion_RCC: Floats) -> Floats:
    """The mean over classes with a sample of F1 = 2 true / (labelled + predicted)."""
    diagonal = np.diagonal(confusion_RCC, axis1=-2, axis2=-1)
    return _macro(ratio(2 * diagonal, confusion_RCC.sum(axis=-1) + confusion_RCC.sum(axis=-2)), confusion_RCC)


COUNTED: dict[str, Callable[[Floats], Floats]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
}
METRICS = (*COUNTED, "auroc")


def confusion(predictions: Predictions) -> Floats:
    """Counts by group, label and predicted class, G x C x C; of equal probabilities the first class is predicted."""
    classes = predictions.num_classes
    predicted = predictions.probabilities.argmax(axis=1)
    place = (predictions.group_codes * classes + predictions.labels) * classes + predicted
    counts = np.bincount(place, minlength=predictions.num_groups * classes * classes)
    return counts.reshape(-1, classes, classes).astype(np.float64)


def measure(predictions: Predictions) -> dict[str, float]:
    """Every metric of a run's predictions, each sample with weight one; NaN where it is undefined."""
    once_RG = np.ones((1, predictions.num_groups))
    return {name: float(resampled(name, predictions, once_RG)[0]) for name in METRICS}


def resampled(metric: str, predictions: Predictions, weights_RG: NDArray[Any]) -> Floats:
    """A metric under R weightings of the G groups, in the order of `Predictions.group_codes`.

    Args:
        metric: A name of `METRICS`.
        predictions: One run's predictions.
        weights_RG: How often each group stands in each resample.
    """
    width = len(predictions.labels) if metric == "auroc" else predictions.num_groups
    rows = max(1, CHUNK // width)
    measured = _ranked if metric == "auroc" else _counted
    parts = [measured(metric, predictions, weights_RG[at : at + rows]) for at in range(0, len(weights_RG), rows)]
    return np.concatenate(parts)


def at_majority_rate(predictions: Predictions) -> bool:
    """Whether one class is predicted for nearly every sample, so that accuracy is that class's share and no more."""
    predicted = np.bincount(predictions.probabilities.argmax(axis=1))
    return bool(predicted.max() >= NEARLY_ALL * predicted.sum())


def _counted(metric: str, predictions: Predictions, weights_RG: NDArray[Any]) -> Floats:
    counts_GCC = confusion(predictions)
    flat_RK = weights_RG.astype(np.float64) @ counts_GCC.reshape(len(counts_GCC), -1)
    return COUNTED[metric](flat_RK.reshape(-1, *counts_GCC.shape[1:]))


def _ranked(metric: str, predictions: Predictions, weights_RG: NDArray[Any]) -> Floats:
    weights_RN = weights_RG[:, predictions.group_codes].astype(np.float64)
    return auroc(predictions.labels, predictions.probabilities, weights_RN)


def _macro(each_RC: Floats, confusion_RCC: Floats) -> Floats:
    """The mean over the classes that have a sample in the resample."""
    present = confusion_RCC.sum(axis=-1) > 0
    return ratio(np.where(present, each_RC, 0.0).sum(axis=-1), present.sum(axis=-1).astype(np.float64))
