"""Parameters: the same bits in every batch, distributed as documented, and unmoved by other settings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.data.augment.ops.draws import Draws, Operation, draw
from harness.data.augment.table_s1 import TableS1
from support.augmenting import keys, only

MANY = 20_000


@pytest.fixture(scope="module")
def many() -> Draws:
    return draw(TableS1(), 3, keys(MANY), 0, 0)


def same(one: Draws, other: Draws) -> bool:
    return all(np.array_equal(value, vars(other)[name]) for name, value in vars(one).items())


def test_the_same_bits_in_every_batch_order_and_rank() -> None:
    k = keys(48)
    whole = draw(TableS1(), 3, k, 7, 1)
    order = np.random.default_rng(0).permutation(48)
    for rows in (order, np.array([17]), np.arange(5), *(np.arange(rank, 48, 3) for rank in range(3))):
        picked = Draws(**{name: value[rows] for name, value in vars(whole).items()})
        assert same(draw(TableS1(), 3, k[rows], 7, 1), picked)
    assert same(whole.take(slice(2, 9)), draw(TableS1(), 3, k[2:9], 7, 1))


def test_seed_epoch_and_branch_each_change_every_parameter() -> None:
    base = draw(TableS1(), 0, keys(200), 0, 0)
    for other in (
        draw(TableS1(), *place) for place in ((1, keys(200), 0, 0), (0, keys(200), 1, 0), (0, keys(200), 0, 1))
    ):
        assert all(
            not np.array_equal(value, vars(other)[name]) for name, value in vars(base).items() if value.std() > 0
        )


@pytest.mark.parametrize(
    ("name", "probability"),
    [("flip_lr", 0.5), ("flip_ud", 0.5), ("noise", 0.3), ("rotation", 0.4), ("solarize", 0.3), ("jitter", 1.0)],
)
def test_each_operation_is_as_frequent_as_table_s1_says(many: Draws, name: str, probability: float) -> None:
    low, high = stats.binom.interval(1 - 1e-4, MANY, probability)
    assert low <= vars(many)[name].sum() <= high


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("crop_height", 0.75, 1.0),
        ("crop_width", 0.75, 1.0),
        ("crop_top", 0.0, 1.0),
        ("crop_left", 0.0, 1.0),
        ("angle", 0.0, math.pi),
        ("threshold", 0.0, 1.0),
        ("brightness", 0.6, 1.4),
        ("contrast", 0.6, 1.4),
        ("saturation", 0.6, 1.4),
        ("hue", -0.1, 0.1),
    ],
)
def test_each_parameter_is_uniform_in_its_range(many: Draws, name: str, low: float, high: float) -> None:
    assert stats.kstest(vars(many)[name], stats.uniform(low, high - low).cdf).pvalue > 1e-3


def test_parameters_are_unrelated(many: Draws) -> None:
    columns = [
        np.asarray(value, dtype=float).reshape(MANY, -1).T for name, value in vars(many).items() if value.std() > 0
    ]
    related = np.corrcoef(np.concatenate(columns)) - np.eye(sum(len(column) for column in columns))
    assert np.abs(related).max() < 5 / np.sqrt(MANY)


def test_a_changed_probability_moves_no_parameter() -> None:
    usual, seldom = draw(TableS1(), 0, keys(50), 0, 0), draw(only(rotation_probability=0.1), 0, keys(50), 0, 0)
    assert np.array_equal(usual.angle, seldom.angle)
    assert np.array_equal(usual.noise_key, seldom.noise_key)
    assert not np.any(seldom.rotation & ~usual.rotation)


def test_noise_keys_fill_two_words(many: Draws) -> None:
    assert many.noise_key.shape == (MANY, 2)
    assert many.noise_key.min() >= 0
    assert 2**32 * (1 - 100 / MANY) < many.noise_key.max() < 2**32


def test_a_strength_above_one_draws_no_negative_factor() -> None:
    assert draw(TableS1(brightness=3.0), 0, keys(500), 0, 0).brightness.min() >= 0


def test_operations_keep_their_numbers() -> None:
    assert {operation.name: operation.value for operation in Operation} == {
        "FLIP": 0,
        "CROP": 1,
        "NOISE": 2,
        "ROTATION": 3,
        "SOLARIZE": 4,
        "JITTER": 5,
    }
