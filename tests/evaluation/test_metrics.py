"""Metrics against scikit-learn and against loops that follow the definitions word by word."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from harness.evaluation.metrics import METRICS, at_majority_rate, measure, resampled
from harness.evaluation.predictions import Predictions
from support.probes import random_predictions


def made(labels: list[int], probabilities: list[list[float]], groups: list[str] | None = None) -> Predictions:
    names = np.array([str(index) for index in range(len(labels))])
    return Predictions(names, np.array(groups or names), np.array(labels), np.array(probabilities))


def answers(predictions: Predictions) -> list[tuple[int, int]]:
    """Label and prediction of each sample."""
    pairs = zip(predictions.labels.tolist(), predictions.probabilities.tolist(), strict=True)
    return [(label, shares.index(max(shares))) for label, shares in pairs]


def slow_accuracy(predictions: Predictions) -> float:
    right = [label == named for label, named in answers(predictions)]
    return sum(right) / len(right)


def slow_balanced_accuracy(predictions: Predictions) -> float:
    recalls = []
    for kind in sorted(set(predictions.labels.tolist())):
        named = [named for label, named in answers(predictions) if label == kind]
        recalls.append(named.count(kind) / len(named))
    return sum(recalls) / len(recalls)


def slow_macro_f1(predictions: Predictions) -> float:
    scores = []
    predicted = [int(np.argmax(shares)) for shares in predictions.probabilities]
    labels = predictions.labels.tolist()
    for kind in sorted(set(labels)):
        both = sum(one == kind and other == kind for one, other in zip(labels, predicted, strict=True))
        scores.append(2 * both / (labels.count(kind) + predicted.count(kind)))
    return sum(scores) / len(scores)


def slow_curve(positive: list[bool], scores: list[float]) -> float:
    wins, pairs = 0.0, 0
    for one, up in zip(scores, positive, strict=True):
        for other, also in zip(scores, positive, strict=True):
            if up and not also:
                wins += 1.0 if one > other else 0.5 if one == other else 0.0
                pairs += 1
    return wins / pairs if pairs else float("nan")


def slow_auroc(predictions: Predictions) -> float:
    labels = predictions.labels.tolist()
    kinds = [1] if predictions.num_classes == 2 else sorted(set(labels))
    curves = [
        slow_curve([label == kind for label in labels], predictions.probabilities[:, kind].tolist()) for kind in kinds
    ]
    return sum(curves) / len(curves)


SLOW = {
    "accuracy": slow_accuracy,
    "balanced_accuracy": slow_balanced_accuracy,
    "macro_f1": slow_macro_f1,
    "auroc": slow_auroc,
}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("num_classes", [2, 3, 5])
@pytest.mark.parametrize("ties", [False, True])
def test_a_metric_is_what_a_loop_over_its_definition_gives(metric: str, num_classes: int, ties: bool) -> None:
    predictions = random_predictions(num_classes=num_classes, ties=ties, seed=num_classes)
    assert measure(predictions)[metric] == pytest.approx(SLOW[metric](predictions), abs=1e-12)


@pytest.mark.parametrize("num_classes", [2, 4])
def test_metrics_agree_with_scikit_learn(num_classes: int) -> None:
    predictions = random_predictions(num_samples=200, num_classes=num_classes, seed=7)
    labels, shares = predictions.labels, predictions.probabilities
    predicted = shares.argmax(axis=1)
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(labels, predicted),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(labels, predicted),
        "macro_f1": sklearn_metrics.f1_score(labels, predicted, average="macro"),
        "auroc": sklearn_metrics.roc_auc_score(labels, shares[:, 1] if num_classes == 2 else shares, multi_class="ovr"),
    }
    assert measure(predictions) == pytest.approx(expected, abs=1e-12)


def test_a_class_without_a_test_sample_takes_part_in_no_average_but_naming_it_is_an_error() -> None:
    predictions = made([0, 0, 1, 1], [[0.6, 0.3, 0.1], [0.2, 0.1, 0.7], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1]])
    found = measure(predictions)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["auroc"] == pytest.approx((slow_curve([True, True, False, False], [0.6, 0.2, 0.1, 0.3]) + 1) / 2)


def test_a_curve_needs_both_classes() -> None:
    found = measure(made([1, 1], [[0.3, 0.7], [0.6, 0.4]]))
    assert np.isnan(found["auroc"])
    assert found["accuracy"] == 0.5


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("num_classes", [2, 3])
def test_weights_on_groups_are_copies_of_their_samples(metric: str, num_classes: int) -> None:
    predictions = random_predictions(num_samples=40, num_classes=num_classes, num_groups=5, ties=True, seed=3)
    weights = np.random.default_rng(1).integers(0, 4, (6, 5))
    rows = [np.repeat(np.arange(40), weights[turn][predictions.group_codes]) for turn in range(6)]
    copies = [
        Predictions(
            np.arange(len(row)).astype(str),
            predictions.groups[row],
            predictions.labels[row],
            predictions.probabilities[row],
        )
        for row in rows
    ]
    expected = [measure(copy)[metric] for copy in copies]
    np.testing.assert_allclose(resampled(metric, predictions, weights), expected, atol=1e-12)


def test_many_resamples_are_measured_in_parts_that_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = random_predictions()
    weights = np.random.default_rng(1).integers(0, 4, (50, predictions.num_groups))
    whole = resampled("auroc", predictions, weights)
    monkeypatch.setattr("harness.evaluation.metrics.CHUNK", 300)
    np.testing.assert_array_equal(resampled("auroc", predictions, weights), whole)


def test_a_probe_that_names_one_class_is_at_the_majority_rate() -> None:
    one_class = made([0] * 40 + [1] * 60, [[0.4, 0.6]] * 100)
    nearly = made([0] * 40 + [1] * 60, [[0.9, 0.1]] + [[0.4, 0.6]] * 99)
    learnt = made([0] * 40 + [1] * 60, [[0.9, 0.1]] * 2 + [[0.4, 0.6]] * 98)
    assert [at_majority_rate(each) for each in (one_class, nearly, learnt)] == [True, True, False]
