from __future__ import annotations

import numpy as np
import pytest

from harness.data.order import EpochOrder, local_batch_size
from harness.errors import ConfigError

MASK = (1 << 64) - 1


def philox_words(seed: int, epoch: int, count: int) -> list[int]:
    """Philox 4x64-10 in Python's integers, from Salmon et al. (SC 2011), section 4.3."""
    words: list[int] = []
    block = 0
    while len(words) < count:
        block += 1  # numpy steps the counter before it fills its buffer
        counter, key = [block, 0, 0, 0], [seed, epoch]
        for _ in range(10):
            high0, low0 = divmod(0xD2E7470EE14C6C93 * counter[0], 1 << 64)
            high1, low1 = divmod(0xCA5A826395121157 * counter[2], 1 << 64)
            counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0]
            key = [(key[0] + 0x9E3779B97F4A7C15) & MASK, (key[1] + 0xBB67AE8584CAA73B) & MASK]
        words += counter
    return words[:count]


@pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (7, 3), (2**64 - 1, 99)])
def test_the_order_sorts_the_words_of_philox(seed: int, epoch: int) -> None:
    rows = np.arange(100, 137)
    words = philox_words(seed, epoch, len(rows))
    expected = [row for _, row in sorted(zip(words, rows.tolist(), strict=True))]
    assert EpochOrder(rows, seed).epoch(epoch).tolist() == expected


def test_the_order_is_what_it_always_was() -> None:
    order = EpochOrder(np.arange(12), seed=7)
    assert order.epoch(0).tolist() == [8, 4, 1, 6, 3, 2, 11, 7, 5, 9, 10, 0]
    assert order.epoch(1).tolist() == [11, 3, 9, 1, 6, 2, 5, 4, 8, 0, 7, 10]


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
def test_ranks_share_one_global_batch(world_size: int) -> None:
    order = EpochOrder(np.arange(0, 300, 2), seed=1)
    for epoch in (0, 5):
        for step in range(order.steps(12)):
            parts = [order.batch(epoch, step, 12, rank, world_size) for rank in range(world_size)]
            assert {len(part) for part in parts} == {12 // world_size}
            assert np.array_equal(np.concatenate(parts), order.batch(epoch, step, 12))


def test_an_epoch_takes_no_row_twice_and_drops_the_incomplete_batch() -> None:
    rows = np.arange(50, 150)
    order = EpochOrder(rows, seed=2)
    assert order.steps(32) == 3
    seen = np.concatenate([order.batch(4, step, 32) for step in range(3)])
    assert len(set(seen.tolist())) == 96
    assert set(seen.tolist()) <= set(rows.tolist())


def test_a_batch_is_addressed_without_the_ones_before() -> None:
    rows = np.arange(64)
    going_on = EpochOrder(rows, seed=3)
    batches = [going_on.batch(epoch, step, 8) for epoch in range(3) for step in range(8)]
    assert np.array_equal(EpochOrder(rows, seed=3).batch(2, 5, 8), batches[2 * 8 + 5])


def test_epochs_and_seeds_differ() -> None:
    rows = np.arange(64)
    orders = {tuple(EpochOrder(rows, seed).epoch(epoch).tolist()) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16


def test_every_place_is_equally_likely() -> None:
    """The mean place of each row over 400 epochs: within 5 standard errors of the middle."""
    places = np.mean([np.argsort(EpochOrder(np.arange(20), 0).epoch(epoch)) for epoch in range(400)], axis=0)
    error = np.sqrt((20**2 - 1) / 12 / 400)
    assert np.abs(places - 9.5).max() < 5 * error


def test_a_batch_that_does_not_divide_names_the_nearest_that_do() -> None:
    with pytest.raises(ConfigError) as caught:
        EpochOrder(np.arange(300), 0).batch(0, 0, 128, rank=0, world_size=3)
    assert "128 does not divide by 3 ranks" in str(caught.value)
    assert "126 and 129" in str(caught.value)


def test_a_batch_below_the_ranks_names_the_one_legal_neighbour() -> None:
    with pytest.raises(ConfigError, match="2 does not divide by 4") as caught:
        local_batch_size(2, 4)
    assert "nearest are 4\n" in str(caught.value)


@pytest.mark.parametrize("batch", [0, 11])
def test_a_batch_that_the_rows_cannot_fill(batch: int) -> None:
    with pytest.raises(ConfigError) as caught:
        EpochOrder(np.arange(10), 0).steps(batch)
    assert f"global_batch_size of {batch} does not fit 10 samples" in str(caught.value)
    assert "1 to 10" in str(caught.value)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_outside_64_bits(seed: int) -> None:
    with pytest.raises(ConfigError, match=str(seed)):
        EpochOrder(np.arange(10), seed)


def windowed(words: list[int], size: int) -> list[int]:
    """A buffer that is filled in file order, as data pipelines shuffle: one leaves, the next one takes its place."""
    waiting = list(range(len(words)))
    buffer, waiting = waiting[:size], waiting[size:]
    order = []
    for word in words:
        place = word % len(buffer)
        order.append(buffer[place])
        if waiting:
            buffer[place] = waiting.pop(0)
        else:
            buffer[place] = buffer[-1]
            del buffer[-1]
    return order


@pytest.mark.parametrize("size", [2, 7, 50, 80])
def test_a_window_shuffles_only_near(size: int) -> None:
    rows = np.arange(50)
    order = EpochOrder(rows, seed=5, window=size).epoch(3)
    words = np.random.Philox(key=np.array([5, 3], dtype=np.uint64)).random_raw(50).tolist()
    assert order.tolist() == windowed(words, size)
    assert sorted(order.tolist()) == rows.tolist(), "every row once"
    assert all(row < place + size for place, row in enumerate(order)), "no row comes before it has entered"


def test_a_window_is_drawn_anew_in_each_epoch_and_of_the_rows_that_are_given() -> None:
    rows = np.arange(100, 400, 3)
    order = EpochOrder(rows, seed=1, window=10)
    assert not np.array_equal(order.epoch(0), order.epoch(1))
    assert set(order.epoch(0).tolist()) == set(rows.tolist())
    assert not np.array_equal(order.epoch(0), EpochOrder(rows, seed=1).epoch(0))
