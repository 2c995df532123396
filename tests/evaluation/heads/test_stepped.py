"""Heads that Adam trains, against a float64 loop of the same steps with every gradient written out."""

from __future__ import annotations

import numpy as np
import pytest

from harness.config.read import read
from harness.errors import ConfigError
from harness.evaluation.heads import Head
from harness.evaluation.heads.stepped import Stepped
from support.slow_heads import slow_fit

STEPPED = sorted(name for name, head in Head.catalogue().items() if issubclass(head, Stepped))
NORMED = ["bn_linear", "mlp256"]


def given(number: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of very different scales, as encoders have, and labels that they tell."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(number, 6)) * [0.05, 0.3, 1, 1, 3, 9] + [0, 1, 0, -2, 0, 4]
    return features.astype(np.float32), (features[:, 2] > 0).astype(np.int64) + (features[:, 1] > 1.2)


def made(name: str, **settings: object) -> Stepped:
    head = read(Head, {"name": name, **settings}, "test")
    assert isinstance(head, Stepped)
    return head


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("number", [64, 75])
def test_training_is_that_of_a_loop_in_float64(name: str, number: int) -> None:
    """Four epochs in batches of 16, the last one whole or of 11 samples."""
    features, labels = given(number)
    head = made(name, epochs=4, global_batch_size=16, learning_rate=0.01)
    found = head.fit(features, labels, 3, seed=5)(features)
    expected = slow_fit(head, features, labels, 3, seed=5).probabilities(features)
    assert np.abs(found - expected).max() < 1e-4
    untrained = made(name, epochs=1, global_batch_size=16, learning_rate=1e-9).fit(features, labels, 3, seed=5)
    assert np.abs(untrained(features) - expected).max() > 0.02, "the steps must show"


@pytest.mark.parametrize("name", STEPPED)
def test_the_protocol_is_the_papers(name: str) -> None:
    """Section 2.2: 100 epochs, Adam, learning rate 1e-3; batch 128 by the authors' code."""
    head = made(name)
    settings = {field: getattr(head, field) for field in type(head).model_fields}
    assert settings == {"epochs": 100, "steps": None, "learning_rate": 1e-3, "global_batch_size": 128}


@pytest.mark.parametrize("name", STEPPED)
def test_features_made_anew_are_asked_for_by_epoch_in_the_order_of_fit(name: str) -> None:
    features, labels = given(20)
    head = made(name, epochs=3, global_batch_size=8)
    asked: list[tuple[int, list[int]]] = []

    def features_of(epoch: int, rows: np.ndarray) -> np.ndarray:
        asked.append((epoch, rows.tolist()))
        return features[rows]

    found = head.fit_epochs(features_of, 6, labels, 3, seed=2)(features)
    assert found.tobytes() == head.fit(features, labels, 3, seed=2)(features).tobytes()
    assert [epoch for epoch, _ in asked] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for epoch in range(3):
        assert sorted(row for when, rows in asked for row in rows if when == epoch) == list(range(20))


@pytest.mark.parametrize("name", NORMED)
def test_a_lone_last_sample_is_passed_over_by_a_batch_norm(name: str) -> None:
    features, labels = given(17)
    head = made(name, epochs=2, global_batch_size=8, learning_rate=0.01)
    found = head.fit(features, labels, 3, seed=1)(features)
    expected = slow_fit(head, features, labels, 3, seed=1, least=2).probabilities(features)
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.parametrize("name", NORMED)
@pytest.mark.parametrize(("number", "batch"), [(1, 128), (9, 1)])
def test_a_batch_norm_without_a_batch_says_so(name: str, number: int, batch: int) -> None:
    features, labels = given(number)
    with pytest.raises(ConfigError) as caught:
        made(name, global_batch_size=batch).fit(features, labels, 3, seed=0)
    assert f"the head '{name}' has a batch norm, but its batches have 1 sample" in str(caught.value)
    assert f"head.global_batch_size {batch}, {number} training samples" in str(caught.value)


def test_a_norm_without_weights_makes_the_scale_of_the_features_nothing() -> None:
    """Over 200 steps the running statistics have left their start, and eps is far below the variances."""
    features, labels = given(64)
    larger = features * np.float32(64)
    off = {}
    for name in ("bn_linear", "linear"):
        head = made(name, global_batch_size=32)
        plain, scaled = (head.fit(x, labels, 3, seed=0)(x) for x in (features, larger))
        off[name] = np.abs(plain - scaled).max()
    assert off["bn_linear"] < 1e-3
    assert off["linear"] > 0.2


def test_how_many_numbers_each_head_has() -> None:
    """On 2048 features and 9 classes, by hand; the hidden head's norms have two a feature."""
    import torch

    expected = {
        "linear": 2048 * 9 + 9,
        "bn_linear": 2048 * 9 + 9,
        "mlp256": 2 * 2048 + (2048 * 256 + 256) + 2 * 256 + (256 * 9 + 9),
    }
    found = {name: made(name).network(2048, 9, torch.Generator()) for name in STEPPED}
    assert {name: sum(p.numel() for p in network.parameters()) for name, network in found.items()} == expected
