from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.loaders.feeding import recycled
from harness.data.loaders.feeding.recycled import Recycled, tensor
from harness.data.loaders.feeding.shares import shared
from harness.data.stored import StoredArray


def stored(kind: Any = "image", dtype: str = "|u1", row: tuple[int, ...] = (4, 4, 3)) -> StoredArray:
    return StoredArray(Path("x"), kind, dtype, (9, *row), "", None, None)


def test_memory_comes_back_when_nobody_looks_into_it() -> None:
    memory = Recycled()
    array = memory.rows(stored(), 5)
    assert (array.shape, array.dtype, array.flags.writeable) == ((5, 4, 4, 3), np.uint8, True)
    place = array.ctypes.data
    view = tensor(array)[2:, 1]
    del array
    gc.collect()
    other = memory.rows(stored(), 5)
    assert other.ctypes.data != place
    del view
    gc.collect()
    assert memory.rows(stored(), 5).ctypes.data == place


def test_sizes_are_kept_apart_and_types_are_not() -> None:
    memory = Recycled()
    place = memory.rows(stored(), 4).ctypes.data
    vectors = memory.rows(stored("vector", "<f4", (12,)), 4)
    assert vectors.ctypes.data == place
    assert (vectors.shape, vectors.dtype) == ((4, 12), np.float32)
    assert memory.rows(stored(), 3).ctypes.data != place


def test_no_more_is_kept_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycled, "KEPT", 2)
    memory = Recycled()
    held = [memory.rows(stored(), 1) for _ in range(5)]
    held.clear()
    gc.collect()
    assert [len(blocks) for blocks in memory.free.values()] == [2]


@pytest.mark.parametrize(("count", "parts"), [(10, 3), (2, 5), (0, 2), (7, 1)])
def test_shares_are_all_rows_once_in_order(count: int, parts: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        found = shared(pool, parts, count, lambda share: list(range(count))[share])
    assert [row for share in found for row in share] == list(range(count))
    assert all(found)
    assert max(map(len, found), default=0) - min(map(len, found), default=0) <= 1
