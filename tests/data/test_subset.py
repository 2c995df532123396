from __future__ import annotations

import hashlib
import itertools
import math

import numpy as np
import pytest

from harness.data.subset import sample_keys, subset
from harness.errors import ConfigError

KEYS = sample_keys(f"s{index}" for index in range(200))
CLASSES = np.array([0] * 150 + [1] * 47 + [2] * 3)


def test_keys_are_blake2b_of_the_id() -> None:
    ids = ["a", "naïve", "r10_2"]
    expected = [int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") for name in ids]
    assert sample_keys(ids).tolist() == expected
    assert sample_keys(ids).dtype == np.uint64


def test_keys_are_what_they_always_were() -> None:
    assert sample_keys(["r10868_48536_10", "0001"]).tolist() == [6375201919339656393, 10684345787160923938]


@pytest.mark.parametrize("fraction", [0.01, 0.07, 0.1, 0.5, 0.99, 1.0])
def test_each_class_keeps_its_share_and_none_is_lost(fraction: float) -> None:
    taken = CLASSES[subset(KEYS, CLASSES, fraction)]
    per_cent = round(100 * fraction)
    assert np.bincount(taken).tolist() == [-(-count * per_cent // 100) for count in (150, 47, 3)]


def test_a_decimal_fraction_is_taken_at_its_word() -> None:
    assert 0.07 * 100 > 7, "the float is what would go wrong"
    assert len(subset(KEYS[:100], np.zeros(100, np.int64), 0.07)) == 7


def test_smaller_fractions_lie_within_larger_ones() -> None:
    sets = [set(subset(KEYS, CLASSES, fraction).tolist()) for fraction in (0.01, 0.02, 0.05, 0.3, 0.31, 1.0)]
    assert all(small <= large for small, large in itertools.pairwise(sets))
    assert len(sets[-1]) == 200


def test_the_choice_follows_the_ids_and_not_their_order() -> None:
    shuffle = np.random.default_rng(0).permutation(200)
    taken = subset(KEYS, CLASSES, 0.2)
    again = shuffle[subset(KEYS[shuffle], CLASSES[shuffle], 0.2)]
    assert set(taken.tolist()) == set(again.tolist())


def test_positions_ascend() -> None:
    taken = subset(KEYS, CLASSES, 0.4)
    assert (np.diff(taken) > 0).all()


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.01, math.nan])
def test_a_fraction_outside_its_range(fraction: float) -> None:
    with pytest.raises(ConfigError) as caught:
        subset(KEYS, CLASSES, fraction)
    assert f"fraction {fraction}" in str(caught.value)
    assert "above 0, at most 1" in str(caught.value)
