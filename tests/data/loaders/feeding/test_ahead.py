from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from harness.data.loaders import Batch
from harness.data.loaders.feeding.ahead import ahead


def batch(number: int) -> Batch:
    return Batch((), np.array([number]), np.array([number], np.uint64))


class Source:
    """Batches, and what was done with their maker."""

    def __init__(self, count: int | None = None) -> None:
        self.count, self.made, self.closed_by = count, 0, ""

    def batches(self) -> Iterator[Batch]:
        try:
            for number in itertools.count() if self.count is None else range(self.count):
                self.made += 1
                yield batch(number)
        finally:
            self.closed_by = threading.current_thread().name


@pytest.fixture
def others() -> set[threading.Thread]:
    """The threads that are there before a test: other tests' libraries may have left one."""
    return set(threading.enumerate())


def numbers(batches: Iterator[Batch]) -> list[int]:
    return [int(one.rows[0]) for one in batches]


@pytest.mark.parametrize("depth", [1, 3])
def test_all_come_in_order(depth: int, others: set[threading.Thread]) -> None:
    source = Source(20)
    assert numbers(ahead(source.batches(), depth)) == list(range(20))
    assert source.closed_by == "harness-loader"
    assert set(threading.enumerate()) <= others


def test_no_more_are_made_than_it_may(others: set[threading.Thread]) -> None:
    source = Source()
    batches = ahead(source.batches(), 3)
    assert source.made == 0
    for taken in range(1, 30):
        next(batches)
        assert source.made <= taken + 3
    batches.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= others
    assert source.closed_by == "harness-loader"


def test_they_are_made_while_the_taker_does_other_things() -> None:
    made = threading.Event()

    def batches() -> Iterator[Batch]:
        yield batch(0)
        made.set()
        yield batch(1)

    taken = ahead(batches(), 1)
    next(taken)
    assert made.wait(10)
    assert numbers(taken) == [1]


def test_an_error_comes_out_after_what_was_made_before_it(others: set[threading.Thread]) -> None:
    def failing() -> Iterator[Batch]:
        yield batch(0)
        raise ValueError("no more")

    batches = ahead(failing(), 3)
    next(batches)
    with pytest.raises(ValueError, match="no more"):
        next(batches)
    assert set(threading.enumerate()) <= others
