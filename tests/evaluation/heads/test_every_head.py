"""What holds for every head, and an oracle for each."""

from __future__ import annotations

import numpy as np
import pytest

from harness.config.read import read
from harness.evaluation.heads import Head

HEADS = sorted(Head.catalogue())
CLASSES = 3
LINEAR = (0.015, 0.12)
"""The error, mean and greatest, of a linear estimate from 6,000 samples."""
NEAR = {
    "linear": LINEAR,
    "logistic": LINEAR,
    "bn_linear": (0.02, 0.15),  # its running statistics still move with the last batches
    "mlp256": (0.04, 0.35),  # 2,000 weights learn the noise as well
    "knn": (0.06, 0.5),  # twenty votes: a share has a deviation of up to .11, and length is not looked at
}
"""How near each head comes to the optimal posterior; a head that is not here has no oracle."""


def blobs(seed: int, number: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Three Gaussian clouds in 5 dimensions."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, number)
    centres = np.array([[2, 0, 0, 0, 0], [0, 2, 0, 0, 0], [0, 0, 2, 0, 0]])
    return (centres[labels] + rng.normal(size=(number, 5))).astype(np.float32), labels.astype(np.int64)


@pytest.mark.parametrize("name", HEADS)
def test_probabilities_are_near_the_best_possible_ones(name: str) -> None:
    """Equal spherical clouds: the optimal posterior is the softmax of 2 x_c, up to a constant."""
    train, labels = blobs(0, 6000)
    test, _ = blobs(1, 200)
    found = read(Head, name, "test").fit(train, labels, CLASSES, seed=0)(test)
    scores = np.exp(2 * test[:, :CLASSES].astype(np.float64))
    off = np.abs(found - scores / scores.sum(1, keepdims=True))
    mean, greatest = NEAR[name]
    assert off.mean() < mean
    assert off.max() < greatest
    assert found.shape == (200, CLASSES)
    assert np.allclose(found.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("name", HEADS)
def test_a_rerun_gives_the_same_bits(name: str) -> None:
    train, labels = blobs(0)
    one, other = (read(Head, name, "test").fit(train, labels, CLASSES, seed=4)(train) for _ in range(2))
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", HEADS)
def test_a_class_without_a_sample_has_its_column(name: str) -> None:
    train, labels = blobs(0, 4000)
    train, labels = train[labels < 2], labels[labels < 2]
    found = read(Head, name, "test").fit(train, labels, CLASSES, seed=0)(train)
    assert found.shape == (len(train), CLASSES)
    assert (found.argmax(1) != 2).mean() > 0.99


def test_one_class_alone_is_always_named_by_logistic_regression() -> None:
    found = read(Head, "logistic", "test").fit(np.zeros((4, 1), np.float32), np.full(4, 1), CLASSES, seed=0)
    assert found(np.zeros((2, 1), np.float32)).tolist() == [[0, 1, 0], [0, 1, 0]]


def test_the_linear_head_is_the_papers() -> None:
    """Section 2.2: a dense layer with softmax, 100 epochs, Adam, learning rate 1e-3; batch 128 by the authors' code."""
    head = read(Head, "linear", "test")
    settings = {name: getattr(head, name) for name in type(head).model_fields}
    assert settings == {"epochs": 100, "steps": None, "learning_rate": 1e-3, "global_batch_size": 128}


def test_one_step_of_the_linear_head_by_hand() -> None:
    """One epoch of one batch: Adam's first step moves each weight by the learning rate against its gradient's sign."""
    import torch

    train, labels = blobs(0, 100)
    head = read(Head, {"name": "linear", "epochs": 1}, "test")
    found = head.fit(train, labels, CLASSES, seed=3)(train)
    generator = torch.Generator().manual_seed(3)
    bound = (6 / (5 + CLASSES)) ** 0.5
    weight = torch.empty(CLASSES, 5).uniform_(-bound, bound, generator=generator).double().numpy()
    x, one_hot = train.astype(np.float64), np.eye(CLASSES)[labels]

    def softmax(weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        scores = np.exp(x @ weight.T + bias)
        return scores / scores.sum(1, keepdims=True)

    off = (softmax(weight, np.zeros(CLASSES)) - one_hot) / len(x)
    moved = softmax(weight - 1e-3 * np.sign(off.T @ x), -1e-3 * np.sign(off.sum(0)))
    assert np.abs(found - moved).max() < 1e-5
