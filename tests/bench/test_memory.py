from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.bench import memory
from harness.bench.memory import Held, family, growth, held, over_epochs
from harness.data.loaders import Load, Loader
from harness.data.packed import PackedSet
from support.images import packed_folder
from support.processes import running

LEAK = 1.0
"""MiB an epoch: a third of what the batches of an epoch hold, of the set below."""
CASES = [
    {"name": "resident"},
    {"name": "torch"},
    {"name": "torch", "num_workers": 1},
    pytest.param({"name": "ffcv"}, marks=pytest.mark.ffcv),
    pytest.param({"name": "dali"}, marks=pytest.mark.dali),
]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedSet:
    """A batch of 16 holds 1 MiB, and an epoch has three."""
    return packed_folder(tmp_path_factory.mktemp("set"), n=64, size=128, groups=16)


def test_every_loader_is_tried() -> None:
    names = {(case if isinstance(case, dict) else case.values[0])["name"] for case in CASES}
    assert names == set(Loader.catalogue())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_memory_is_flat(case: dict[str, object], packed: PackedSet) -> None:
    found = over_epochs(packed, Loader.parse(case), epochs=21, global_batch_size=16)
    assert len(found) == 21
    assert growth(found) < LEAK


class LeakingLoader(Loader):
    """Keeps every batch that it gives out."""

    def build(self, packed: PackedSet, sources: object, device: object) -> Load:
        load = Loader.parse("torch").build(packed, sources, device)  # type: ignore[arg-type]
        kept = []

        def leaking(batches: object) -> object:
            for batch in load(batches):  # type: ignore[arg-type]
                kept.append(batch)
                yield batch

        return leaking  # type: ignore[return-value]


def test_a_leak_is_seen(packed: PackedSet) -> None:
    found = over_epochs(packed, LeakingLoader(), epochs=9, global_batch_size=16)
    assert growth(found) > LEAK


def test_growth_is_that_of_every_epoch() -> None:
    assert growth([Held(own, 0) for own in (5, 9, 5, 5, 9, 5, 5, 5, 9)]) == 0
    assert growth([Held(3 * epoch, 0) for epoch in range(9)]) == 3


def test_workers_are_counted() -> None:
    with running("import sys; x = bytearray(50 << 20); print(1, flush=True); sys.stdin.read()") as process:
        assert process.pid in set(family(memory.os.getpid()))
        together = held().own
    assert together - held().own > 49
    assert np.isfinite(held().files)


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert memory._of(2**22 + 1) == (0, 0)
    assert memory._text(Path("/proc/none")) == ""
