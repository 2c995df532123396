"""Draws belong to what they are for: the layout, independence of the batch, uniformity."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from harness.data.random import MAX_SEED, uniform, uniform_streams
from harness.errors import ConfigError
from support import table_s1_oracle as oracle

KEYS = np.random.default_rng(1).integers(0, 2**64, size=64, dtype=np.uint64)


@pytest.mark.parametrize(
    ("seed", "epoch", "branch", "operation", "count"),
    [(0, 0, 0, 0, 1), (7, 3, 1, 5, 4), (MAX_SEED, 2**32 - 1, 255, 4095, 7), (2**40 + 1, 99, 2, 17, 5)],
)
def test_layout_is_the_documented_one(seed: int, epoch: int, branch: int, operation: int, count: int) -> None:
    numbers = uniform(seed, epoch, KEYS[:5], branch, operation, count)
    expected = [oracle.draws(seed, epoch, int(key), branch, operation, count) for key in KEYS[:5]]
    assert numbers.tolist() == expected


def test_a_sample_gets_the_same_bits_in_every_batch() -> None:
    whole = uniform(5, 2, KEYS, 1, 3, 6)
    order = np.random.default_rng(0).permutation(64)
    assert np.array_equal(uniform(5, 2, KEYS[order], 1, 3, 6), whole[order])
    assert np.array_equal(uniform(5, 2, KEYS[9:10], 1, 3, 6), whole[9:10])
    assert np.array_equal(
        np.concatenate([uniform(5, 2, KEYS[r::3], 1, 3, 6) for r in range(3)]),
        np.concatenate([whole[r::3] for r in range(3)]),
    )


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    assert np.array_equal(uniform(0, 0, KEYS, 0, 0, 9)[:, :4], uniform(0, 0, KEYS, 0, 0, 4))


def test_streams_together_give_what_each_gives_alone() -> None:
    streams = [(0, 0), (1, 0), (0, 4095), (255, 7)]
    together = uniform_streams(8, 1, KEYS, streams, 3)
    for number, (branch, operation) in enumerate(streams):
        assert np.array_equal(together[:, number], uniform(8, 1, KEYS, branch, operation, 3))


def test_every_part_of_the_key_matters() -> None:
    drawn = [
        uniform(seed, epoch, KEYS[:2] + np.uint64(high), branch, operation, 2).tobytes()
        for seed, epoch, high, branch, operation in itertools.product((0, 2**32), (0, 1), (0, 2**32), (0, 1), (0, 1))
    ]
    assert len(set(drawn)) == len(drawn)


def test_numbers_are_uniform_and_unrelated_between_neighbouring_keys() -> None:
    keys = np.arange(20_000, dtype=np.uint64)
    numbers = uniform(0, 0, keys, 0, 0, 2)
    assert numbers.dtype == np.float64
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3
    for pair in (numbers.T, np.stack([numbers[1:, 0], numbers[:-1, 0]])):
        assert abs(np.corrcoef(pair)[0, 1]) < 4 / np.sqrt(len(keys))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_named(seed: int) -> None:
    with pytest.raises(ConfigError) as error:
        uniform(seed, 0, KEYS, 0, 0, 1)
    assert str(seed) in str(error.value)
    assert f"0 to {MAX_SEED}" in str(error.value)


def test_what_has_no_bits_in_the_layout_is_refused() -> None:
    for epoch, branch, operation in ((2**32, 0, 0), (0, 256, 0), (0, 0, 4096), (-1, 0, 0)):
        with pytest.raises(AssertionError):
            uniform(0, epoch, KEYS, branch, operation, 1)
    with pytest.raises(AssertionError):
        uniform(0, 0, KEYS.astype(np.int64), 0, 0, 1)
