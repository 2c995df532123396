"""k-nearest neighbours against brute force, one pair of samples at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.config.read import read
from harness.errors import ConfigError
from harness.evaluation.heads import Head
from harness.evaluation.heads.fit import neighbours


def cosine(a: list[float], b: list[float]) -> float:
    length = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(x * x for x in b))
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / length if length else 0.0


def brute_force(train: np.ndarray, labels: np.ndarray, test: np.ndarray, classes: int, k: int, t: float) -> np.ndarray:
    """Every similarity in float64, sorted; the votes of the k greatest."""
    rows = train.astype(np.float64).tolist()
    found = np.zeros((len(test), classes))
    for query, sample in enumerate(test.astype(np.float64).tolist()):
        near = sorted(((cosine(sample, row), label) for row, label in zip(rows, labels, strict=True)), reverse=True)
        for similarity, label in near[:k]:
            found[query, label] += math.exp(similarity / t)
    return found / found.sum(axis=1, keepdims=True)


def drawn(number: int, seed: int, features: int = 7) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 3, number)
    return (draw.normal(size=(number, features)) + labels[:, None]).astype(np.float32), labels.astype(np.int64)


@pytest.mark.parametrize("settings", [{}, {"k": 1}, {"k": 7, "t": 0.5}, {"k": 150}])
def test_votes_are_those_of_brute_force(settings: dict[str, float]) -> None:
    train, labels = drawn(150, 0)
    test, _ = drawn(60, 1)
    found = read(Head, {"name": "knn", **settings}, "test").fit(train, labels, 4, seed=0)(test)
    expected = brute_force(train, labels, test, 4, int(settings.get("k", 20)), settings.get("t", 0.07))
    assert np.abs(found - expected).max() < 1e-4
    assert not found[:, 3].any()


def test_two_neighbours_by_hand() -> None:
    train = np.array([[2, 0], [0, 5], [-1, 0]], np.float32)
    head = read(Head, {"name": "knn", "k": 2, "t": 0.07}, "test").fit(train, np.array([0, 1, 2]), 3, seed=0)
    share = 1 / (1 + math.exp(-(0.8 - 0.6) / 0.07))
    assert head(np.array([[4, 3]], np.float32))[0] == pytest.approx([share, 1 - share, 0], abs=1e-5)


def test_blocks_give_what_one_product_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    train, labels = drawn(150, 0)
    test, _ = drawn(61, 1)
    head = read(Head, "knn", "test").fit(train, labels, 3, seed=0)
    whole = head(test)
    for block in (1, 150, 1000):
        monkeypatch.setattr(neighbours, "BLOCK", block)
        np.testing.assert_allclose(head(test), whole, atol=1e-5)


def test_samples_as_near_as_the_last_one_vote_too_so_order_decides_nothing() -> None:
    """Five copies of one sample tie for three places; all five vote, whichever comes first."""
    train = np.array([[1, 0]] * 5 + [[0, 1]], np.float32)
    labels = np.array([0, 0, 1, 1, 1, 2])
    for order in (np.arange(6), np.arange(6)[::-1]):
        head = read(Head, {"name": "knn", "k": 3}, "test").fit(train[order], labels[order], 3, seed=0)
        assert head(np.array([[2, 0]], np.float32))[0] == pytest.approx([0.4, 0.6, 0], abs=1e-6)


def test_features_that_say_nothing_give_the_frequencies_of_the_classes() -> None:
    head = read(Head, {"name": "knn", "k": 2}, "test").fit(np.zeros((4, 1), np.float32), np.array([0, 0, 0, 1]), 2, 0)
    assert head(np.zeros((2, 1), np.float32)).tolist() == [[0.75, 0.25], [0.75, 0.25]]


def test_a_small_temperature_overflows_nothing() -> None:
    train, labels = drawn(50, 0)
    found = read(Head, {"name": "knn", "t": 1e-4}, "test").fit(train, labels, 3, seed=0)(train)
    assert np.isfinite(found).all()
    assert (found.argmax(1) == labels).all(), "each sample is its own nearest neighbour"


def test_no_sample_gives_no_row() -> None:
    train, labels = drawn(50, 0)
    assert read(Head, "knn", "test").fit(train, labels, 3, seed=0)(train[:0]).shape == (0, 3)


def test_more_neighbours_than_samples_are_refused() -> None:
    train, labels = drawn(12, 0)
    with pytest.raises(ConfigError) as caught:
        read(Head, "knn", "test").fit(train, labels, 3, seed=0)
    assert "k is 20, but the head has 12 training samples" in str(caught.value)
    assert "legal: 1 to 12" in str(caught.value)
