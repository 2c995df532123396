"""A disk that is really full: a small tmpfs, which takes root to mount."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.grid.states import DONE, FAILED, states
from harness.tracking.store import Store
from support.grids import plan_of, write_grid

pytestmark = pytest.mark.system

WIDE = {
    "expander": {"width": 256},
    "axes": {"seed": [0], "pair": {"asymmetric": {"views": ["he", "panck"]}}},
    "floors": [],
    "table": None,
}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB: room for the data and the plan, not for two checkpoints of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def submit(grid: Path, store: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "harness", "submit", str(grid), "--store", str(store), "--no-sync"]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def test_a_full_disk_is_named_leaves_no_half_files_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, small: Path
) -> None:
    grid, store = write_grid(tmp_path, WIDE), small / "store"
    assert submit(grid, store).returncode == 1
    plan = plan_of(grid, store)
    run = plan.of("pretrain")[0]
    state = states(plan, Store(store))[run.key]
    assert state.name == FAILED
    assert "disk full: no room is left to write" in state.reason
    assert not list(store.rglob("*.tmp"))

    subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
    assert submit(grid, store).returncode == 0
    assert {state.name for state in states(plan, Store(store)).values()} == {DONE}
