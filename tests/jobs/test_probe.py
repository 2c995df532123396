"""What a probe refuses, such as a class that one of its splits does not have, and what it costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.grid.states import DONE, FAILED
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.tracking.store import Store
from support.grids import plan_of, write_grid
from support.images import CLASSES, edit_row, read_rows
from support.probing import Bench
from support.silent import Silent

FLOOR_ALONE = {
    "floors": [{"features": "majority"}],
    "axes": {"pair": {"symmetric": {"views": ["he", "he"]}}, "seed": [0]},
}


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_that_a_split_lacks_is_named(tmp_path: Path, split: str) -> None:
    path = write_grid(tmp_path, FLOOR_ALONE)
    for row, cells in enumerate(read_rows(tmp_path / "pairs" / "manifest.csv")):
        if cells["split"] == split and cells["tissue"] == CLASSES[2]:
            edit_row(tmp_path / "pairs", row, tissue=CLASSES[0])
    store = Store(tmp_path / "store")
    plan = plan_of(path, store.root)
    found = Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    assert {found[run.key].name for run in plan.of("pretrain")} == {DONE}
    for run in plan.of("probe"):
        assert found[run.key].name == FAILED
        assert f"no sample of the split '{split}' of 'tiny pairs' is of the class {CLASSES[2]}" in found[run.key].reason


def test_a_class_that_no_sample_has_is_passed_over(tmp_path: Path) -> None:
    path = write_grid(tmp_path, FLOOR_ALONE)
    for row, cells in enumerate(read_rows(tmp_path / "pairs" / "manifest.csv")):
        if cells["tissue"] == CLASSES[2]:
            edit_row(tmp_path / "pairs", row, tissue=CLASSES[0])
    store = Store(tmp_path / "store")
    plan = plan_of(path, store.root)
    found = Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    assert {state.name for state in found.values()} == {DONE}


def test_several_ranks_are_refused_when_the_grid_is_planned(tmp_path: Path) -> None:
    path = write_grid(tmp_path, FLOOR_ALONE)
    with pytest.raises(ConfigError) as caught:
        plan_of(path, tmp_path / "store", "resources.probe.ranks=2")
    assert "a probe cannot be shared by 2 ranks" in str(caught.value)
    assert "legal: 1" in str(caught.value)


def test_fixed_steps_cost_the_passes_that_they_begin(bench: Bench) -> None:
    """Of 27 training samples: 6 steps of 8 take two passes, and of a half of them four."""
    head = {"name": "linear", "steps": 6, "global_batch_size": 8}
    assert bench.probe(head=head).price().units == 1
    assert bench.probe(head=head, head_inputs="augmented").price().units == 1 + 2
    assert bench.probe(head=head, head_inputs="augmented", fraction=0.5).price().units == 1 + 4
