"""Each class's figures against scikit-learn, and by hand where something is undefined."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from harness.evaluation.metrics import measure
from harness.evaluation.per_class import per_class
from harness.evaluation.predictions import Predictions
from support.probes import random_predictions


def named(labels: list[int], predicted: list[int], classes: int) -> Predictions:
    """Predictions that are sure of a class."""
    ids = np.array([str(index) for index in range(len(labels))])
    return Predictions(ids, ids, np.array(labels), np.eye(classes)[predicted])


@pytest.mark.parametrize("num_classes", [2, 5])
def test_each_class_agrees_with_scikit_learn(num_classes: int) -> None:
    predictions = random_predictions(num_samples=300, num_classes=num_classes, seed=3)
    predicted = predictions.probabilities.argmax(axis=1)
    found = per_class(predictions)
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(predictions.labels, predicted)
    expected = {"recall": recall, "precision": precision, "f1": f1, "support": support}
    assert set(found["per_class"]) == set(expected)
    for name, values in expected.items():
        assert found["per_class"][name] == pytest.approx(values.tolist(), abs=1e-12), name
    assert found["confusion"] == sklearn_metrics.confusion_matrix(predictions.labels, predicted).tolist()


def test_the_averages_are_those_of_the_metrics() -> None:
    predictions = random_predictions(num_samples=120, num_classes=4, seed=8)
    found, metrics = per_class(predictions)["per_class"], measure(predictions)
    assert np.mean(found["recall"]) == pytest.approx(metrics["balanced_accuracy"])
    assert np.mean(found["f1"]) == pytest.approx(metrics["macro_f1"])


def test_what_is_undefined_is_none() -> None:
    """Class 1 is never predicted, class 2 has no sample but is predicted, class 3 is nowhere."""
    found = per_class(named([0, 0, 1, 1], [0, 2, 0, 0], 4))
    assert found["confusion"] == [[1, 0, 1, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert found["per_class"] == {
        "recall": [0.5, 0.0, None, None],
        "precision": [pytest.approx(1 / 3), None, 0.0, None],
        "f1": [pytest.approx(2 / 5), 0.0, None, None],
        "support": [2, 2, 0, 0],
    }


def test_they_are_plain_data() -> None:
    found = per_class(random_predictions())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
