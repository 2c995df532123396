"""Cross-entropy with labels alone: which samples count, smoothing, its ends, and its chance."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from harness.config.read import read
from harness.data.checks import NO_LABEL
from harness.errors import ConfigError
from harness.objectives import Objective
from harness.objectives.supervised import UNLABELLED, Supervised
from support.labelled import sample_labels
from support.oracles import sample_embeddings


def terms(logits: Tensor, labels: list[int], **settings: float) -> dict[str, Tensor]:
    return Supervised(**settings).build()([logits], torch.tensor(labels))


def sample() -> tuple[Tensor, list[int]]:
    return torch.tensor(sample_embeddings()[0], requires_grad=True), sample_labels(8, 6)


def test_a_sample_without_a_label_is_one_that_the_data_says_has_none() -> None:
    assert UNLABELLED == NO_LABEL


def test_samples_without_a_label_count_for_nothing() -> None:
    logits, labels = sample()
    known = [row for row, label in enumerate(labels) if label != UNLABELLED]
    assert 1 < len(known) < len(labels)
    loss = terms(logits, labels)["loss"]
    alone = terms(logits[known], [labels[row] for row in known])["loss"]
    assert loss.item() == pytest.approx(alone.item(), rel=1e-15)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert [bool(row.any()) for row in gradient] == [label != UNLABELLED for label in labels]


def test_a_batch_without_labels_costs_nothing_and_moves_nothing() -> None:
    logits, labels = sample()
    loss = terms(logits, [UNLABELLED] * len(labels), label_smoothing=0.1)["loss"]
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == 0
    assert not gradient.any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_smoothing_is_of_the_formula(smoothing: float) -> None:
    logits, labels = sample()
    total = number = 0
    for row, label in zip(logits.tolist(), labels, strict=True):
        if label != UNLABELLED:
            log_sum = math.log(sum(math.exp(value) for value in row))
            for c, value in enumerate(row):
                total -= ((1 - smoothing) * (c == label) + smoothing / len(row)) * (value - log_sum)
            number += 1
    found = terms(logits, labels, label_smoothing=smoothing)["loss"]
    assert found.item() == pytest.approx(total / number, rel=1e-13)
    assert torch.autograd.gradcheck(lambda z: terms(z, labels, label_smoothing=smoothing)["loss"], logits)


def test_a_single_sample_is_enough() -> None:
    assert terms(torch.zeros(1, 5), [2])["loss"].item() == pytest.approx(math.log(5), rel=1e-7)


def test_certainty_is_finite_right_or_wrong() -> None:
    logits = torch.tensor([[1e6, 0.0, -1e6]], requires_grad=True)
    for label, expected in ((0, 0.0), (2, 2e6)):
        loss = terms(logits, [label])["loss"]
        assert loss.item() == expected
        assert torch.autograd.grad(loss, logits)[0].isfinite().all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("counts", [(5, 3, 2), (4, 0, 6), (1, 1, 1, 1), (7,)])
def test_chance_is_what_the_best_constant_logits_reach(counts: tuple[int, ...], smoothing: float) -> None:
    objective = Supervised(label_smoothing=smoothing)
    labels = list(itertools.chain.from_iterable([c] * count for c, count in enumerate(counts)))
    chance = objective.chance_of_labels(counts)
    logits = torch.zeros(len(counts), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = terms(logits.expand(len(labels), -1), labels, label_smoothing=smoothing)["loss"]
        value.backward()
        return value

    optimiser.step(loss)
    assert loss().item() == pytest.approx(chance, rel=1e-4, abs=1e-6)
    assert loss().item() > chance - 1e-12


def test_chance_of_equal_classes_is_the_logarithm_of_their_number() -> None:
    assert Supervised().chance_of_labels([10] * 9) == pytest.approx(math.log(9), rel=1e-15)


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), "0.1"])
def test_a_smoothing_that_is_none_is_named(value: object) -> None:
    with pytest.raises(ConfigError, match="'label_smoothing'"):
        read(Objective, {"name": "supervised", "label_smoothing": value}, "test")
