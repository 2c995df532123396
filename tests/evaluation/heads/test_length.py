"""How long a head is trained: epochs as in the paper, or steps for fractions at equal length."""

from __future__ import annotations

import numpy as np
import pytest

from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.errors import ConfigError
from harness.evaluation.heads import Head
from harness.evaluation.heads.stepped import Stepped
from support.slow_heads import SlowHead

STEPPED = sorted(name for name, head in Head.catalogue().items() if issubclass(head, Stepped))
NORMED = ["bn_linear", "mlp256"]
BATCH, RATE, SEED = 8, 0.01, 5


def given(number: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(number, 6)).astype(np.float32)
    return features, (features[:, 2] > 0).astype(np.int64) + (features[:, 1] > 1.2)


def made(name: str, **settings: object) -> Stepped:
    head = read(Head, {"name": name, "global_batch_size": BATCH, "learning_rate": RATE, **settings}, "test")
    assert isinstance(head, Stepped)
    return head


def slow(name: str, features: np.ndarray, labels: np.ndarray, steps: int) -> np.ndarray:
    """A loop of exactly so many steps in float64."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    head = SlowHead(name, features.shape[1], 3, generator, RATE)
    least = 2 if name in NORMED else 1
    while steps:
        order = torch.randperm(len(labels), generator=generator).tolist()
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for rows in [rows for rows in batches if len(rows) >= least][:steps]:
            head.step(features[rows], labels[rows])
            steps -= 1
    return head.probabilities(features)


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("steps", [1, 3, 4, 11])
@pytest.mark.parametrize("number", [24, 25, 29])
def test_so_many_steps_and_no_more(name: str, steps: int, number: int) -> None:
    """Epochs of three steps, of three and a lone sample, and of three and a smaller one."""
    features, labels = given(number)
    head = made(name, steps=steps)
    found = head.fit(features, labels, 3, SEED)(features)
    assert np.abs(found - slow(name, features, labels, steps)).max() < 1e-4
    assert np.abs(found - slow(name, features, labels, steps + 1)).max() > 1e-4, "a step must show"
    training = head.begin(6, labels, 3, SEED)
    while not training.finished:
        training.go_through(lambda rows: features[rows])
    assert (training.step, training.num_steps) == (steps, steps)


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize(("number", "per_epoch"), [(24, 3), (25, 4), (29, 4)])
def test_epochs_are_the_steps_that_they_hold(name: str, number: int, per_epoch: int) -> None:
    features, labels = given(number)
    per_epoch -= name in NORMED and number == 25
    epochs, steps = made(name, epochs=3), made(name, steps=3 * per_epoch)
    assert epochs.begin(6, labels, 3, SEED).num_steps == 3 * per_epoch
    one, other = (head.fit(features, labels, 3, SEED)(features) for head in (epochs, steps))
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("length", [{"epochs": 5}, {"steps": 17}])
def test_a_state_goes_on_with_the_same_bits(name: str, length: dict[str, int]) -> None:
    features, labels = given(25)
    head = made(name, **length)
    training = head.begin(6, labels, 3, SEED)
    whole = head.fit(features, labels, 3, SEED)(features)
    while not training.finished:
        state = training.state()
        training = head.begin(6, labels, 3, SEED)
        training.restore(state)
        training.go_through(lambda rows: features[rows])
    assert training.fitted()(features).tobytes() == whole.tobytes()


def test_the_papers_length_is_the_default_and_steps_are_part_of_a_runs_identity() -> None:
    head = made("linear")
    assert (head.epochs, head.steps) == (100, None)
    assert "steps" not in identity(head), "as in 0.1.0"
    assert identity(made("linear", steps=700))["steps"] == 700
    assert read(Head, to_plain(made("linear", steps=700)), "test") == made("linear", steps=700)


def test_epochs_beside_steps_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        made("linear", epochs=50, steps=700)
    assert "50 epochs have no effect beside 700 steps" in str(caught.value)
    assert "legal: epochs or steps" in str(caught.value)


@pytest.mark.parametrize("steps", [0, -1, 1.5])
def test_what_is_no_number_of_steps_is_refused(steps: float) -> None:
    with pytest.raises(ConfigError, match=f"{steps}"):
        made("linear", steps=steps)
