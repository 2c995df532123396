"""What holds of every loader that can be named: the same rows give the same bytes, and nothing is random."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import pytest
import torch

from harness.config.plain import identity
from harness.data.loaders import Batch, Loader
from harness.data.order import EpochOrder
from harness.data.packed import PackedSet
from harness.data.source import Source, partner_rows
from harness.errors import ConfigError, MissingDependencyError
from support.images import packed_folder

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "dali": [{}, {"num_workers": 1}],
    "ffcv": [{}, {"num_workers": 3}],
    "resident": [{}, {"memory": "host"}],
    "torch": [{}, {"num_workers": 2}],
}
CASES = [{"name": name} | settings for name in sorted(SETTINGS) for settings in SETTINGS[name]]
LIBRARIES = {"ffcv": "FFCV", "dali": "NVIDIA's DALI"}
SIDES = ("panck", "he", "markers", "he")
GLOBAL_BATCH_SIZE = 6
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedSet:
    return packed_folder(tmp_path_factory.mktemp("set"), n=40, size=8, vectors=3)


def sources(*modalities: str) -> list[Source]:
    return [Source(modality) for modality in modalities]


def ident(case: dict[str, Any]) -> str:
    return "-".join(map(str, case.values()))


def marked(case: dict[str, Any]) -> Any:
    """A case, marked with its library where that is no part of every installation."""
    marks = [getattr(pytest.mark, case["name"])] if case["name"] in LIBRARIES else []
    return pytest.param(case, marks=marks, id=ident(case))


@pytest.fixture(params=map(marked, CASES))
def loader(request: pytest.FixtureRequest) -> Loader:
    return Loader.parse(request.param)


def test_every_loader_is_tried() -> None:
    assert set(SETTINGS) == set(Loader.catalogue())


def check(batch: Batch, rows: np.ndarray, packed: PackedSet, sides: Sequence[str]) -> None:
    """A batch against plain indexing of the mapped arrays."""
    assert np.array_equal(batch.rows, rows)
    assert batch.rows.dtype == np.int64
    assert np.array_equal(batch.keys, packed.keys[rows])
    assert batch.keys.dtype == np.uint64
    assert len(batch.arrays) == len(sides)
    for array, side in zip(batch.arrays, sides, strict=True):
        expected = packed.array(side)[rows]
        assert array.numpy().dtype == expected.dtype
        assert array.numpy().tobytes() == expected.tobytes()
        assert tuple(array.shape) == expected.shape


def test_it_gives_what_an_order_asks_for_over_any_ranks(loader: Loader, packed: PackedSet) -> None:
    """All batches of two epochs, for 1, 2 and 3 ranks, in one call; then again from the middle of the second."""
    order = EpochOrder(packed.rows("train"), seed=3)
    steps = order.steps(GLOBAL_BATCH_SIZE)
    places = [(rank, size) for size in (1, 2, 3) for rank in range(size)]
    asked = [
        order.batch(epoch, step, GLOBAL_BATCH_SIZE, rank, size)
        for epoch, step, (rank, size) in itertools.product(range(2), range(steps), places)
    ]
    load = loader.build(packed, sources(*SIDES), CPU)
    found = list(load(asked))
    assert len(found) == len(asked)
    for batch, rows in zip(found, asked, strict=True):
        check(batch, rows, packed, SIDES)
    middle = len(asked) * 3 // 4
    for batch, resumed in zip(found[middle:], load(asked[middle:]), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(batch.arrays, resumed.arrays, strict=True))
        assert np.array_equal(batch.keys, resumed.keys)


def test_a_batch_is_its_own_to_write_to_and_the_dice_stay(loader: Loader, packed: PackedSet) -> None:
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].tobytes()
    rows = np.array([5, 2, 5])
    first, second = loader.build(packed, sources("he"), CPU)(iter([rows, rows]))
    first.arrays[0].zero_()
    check(second, rows, packed, ["he"])
    assert torch.equal(torch.get_rng_state(), state)
    assert np.random.get_state()[1].tobytes() == numpy_state


def test_batches_are_asked_for_as_they_are_needed(loader: Loader, packed: PackedSet) -> None:
    """An endless order is no trouble, and leaving early ends what was begun."""
    asked: list[int] = []

    def endless() -> Iterator[np.ndarray]:
        for step in itertools.count():
            asked.append(step)
            yield np.array([step % 40])

    batches = loader.build(packed, sources("markers"), CPU)(endless())
    for step in range(5):
        check(next(batches), np.array([step]), packed, ["markers"])
    assert len(asked) <= 5 + 4
    batches.close()  # type: ignore[attr-defined]


def test_an_unknown_modality_is_named_at_once(loader: Loader, packed: PackedSet) -> None:
    with pytest.raises(ConfigError, match="no modality 'HE'"):
        loader.build(packed, sources("panck", "HE"), CPU)


def test_a_partner_is_read_in_the_samples_place(loader: Loader, packed: PackedSet) -> None:
    partners = partner_rows(packed, "group")
    rows = packed.rows("train")[:9]
    asked = [Source("he"), Source("he", "group"), Source("markers", "group")]
    (batch,) = loader.build(packed, asked, CPU)([rows])
    expected = [packed.array("he")[rows], packed.array("he")[partners[rows]], packed.array("markers")[partners[rows]]]
    assert np.array_equal(batch.rows, rows)
    for array, plain in zip(batch.arrays, expected, strict=True):
        assert array.numpy().tobytes() == plain.tobytes()


def test_batches_may_be_of_any_size(loader: Loader, packed: PackedSet) -> None:
    """A last incomplete one, one larger than all before, a single row."""
    asked = [np.arange(7), np.arange(7, 14), np.arange(14, 19), np.arange(40), np.array([39])]
    found = list(loader.build(packed, sources(*SIDES), CPU)(asked))
    for batch, rows in zip(found, asked, strict=True):
        check(batch, rows, packed, SIDES)


def test_no_batches_are_no_batches(loader: Loader, packed: PackedSet) -> None:
    assert list(loader.build(packed, sources("he"), CPU)([])) == []


def test_batches_that_are_held_stay_as_they_are(loader: Loader, packed: PackedSet) -> None:
    """Memory that serves again serves when nobody holds it, nor a view of it."""
    load = loader.build(packed, sources("he", "panck"), CPU)
    asked = [np.array([step % 40, (7 * step) % 40]) for step in range(60)]
    held = []
    for step, batch in enumerate(load(asked)):
        if step % 3 == 0:
            held.append((batch.arrays[0][1:], asked[step][1:]))
    for view, rows in held:
        assert np.array_equal(view.numpy(), packed.array("he")[rows])


class OrderError(Exception):
    pass


def test_an_error_in_the_order_comes_out(loader: Loader, packed: PackedSet) -> None:
    def failing() -> Iterator[np.ndarray]:
        yield np.arange(3)
        raise OrderError

    with pytest.raises(OrderError):
        list(loader.build(packed, sources("he"), CPU)(failing()))


def test_leaving_early_leaves_no_thread_and_no_process(loader: Loader, packed: PackedSet) -> None:
    """Closed, let go of, or read to the end; the counts are those of a first time, which sets up what stays."""
    load = loader.build(packed, sources(*SIDES), CPU)
    rows = [np.arange(6)] * 12
    list(load(rows))
    before = running()
    for leave in (lambda batches: batches.close(), lambda batches: None, list):
        batches = load(rows)
        next(batches)
        leave(batches)
        del batches
        gc.collect()
        assert eventually(before)


def running() -> tuple[int, int]:
    """Threads of any kind, and processes that are loaders' workers."""
    return len(os.listdir("/proc/self/task")), len(multiprocessing.active_children())


def eventually(before: tuple[int, int]) -> bool:
    """Whether no more runs than before; a thread that has returned may take a moment to be gone."""
    for _ in range(500):
        if all(now <= then for now, then in zip(running(), before, strict=True)):
            return True
        time.sleep(0.01)
    return False


def test_the_threads_of_others_are_left_as_they_are(loader: Loader, packed: PackedSet) -> None:
    """This thread's, and what a thread that is begun later would take, as those of the backward pass are."""
    torch_before, numba_before = torch.get_num_threads(), numba.get_num_threads()
    torch.set_num_threads(2)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    try:
        list(loader.build(packed, sources("he"), CPU)([np.arange(3)]))
        assert torch.get_num_threads() == 2
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == 2
        assert numba.get_num_threads() == numba.config.NUMBA_NUM_THREADS
    finally:
        torch.set_num_threads(torch_before)
        numba.set_num_threads(numba_before)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_is_missing_is_named(name: str, packed: PackedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ffcv", "ffcv.loader", "nvidia.dali"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError) as caught:
        Loader.parse(name).build(packed, sources("he"), CPU)
    assert str(caught.value).startswith(f"the loader {name} needs {LIBRARIES[name]}, which cannot be imported: ")
    assert f"pip install 'harness[{name}]'" in str(caught.value)
    assert "or take loader: torch" in str(caught.value)


def test_where_and_how_fast_is_no_part_of_a_result() -> None:
    assert len({str(identity(Loader.parse(case))) for case in CASES}) == len(SETTINGS)
