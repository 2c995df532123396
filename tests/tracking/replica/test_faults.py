"""The syncer killed between any two writes, and then run again: the store is as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.tracking.replica import ReplicaGrid, client
from harness.tracking.replica.cursors import Cursors
from support.replica_grids import as_cell, as_grid, as_run, snapshot
from support.run_folders import MadeRun

if TYPE_CHECKING:
    from conftest import Replica


class KilledError(BaseException):
    """Stands for the end of the process: nothing may catch it, and nothing is written after it."""


class Reaper:
    """Counts writes and ends the process before one of them."""

    def __init__(self) -> None:
        self.count = 0
        self.limit: int | None = None

    def watch(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The same method, counted."""

        def watched(*values: Any, **named: Any) -> Any:
            if self.limit is not None and self.count >= self.limit:
                raise KilledError
            self.count += 1
            return method(*values, **named)

        return watched


@pytest.fixture
def reaper(monkeypatch: pytest.MonkeyPatch, replica: Replica) -> Reaper:
    """Stands before every write: the transactions of a batch one by one, files, and the cursors."""
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    made = Reaper()
    client_writes = ("create_experiment", "set_experiment_tag", "create_run", "delete_run", "delete_tag")
    client_writes += ("set_terminated", "update_run", "log_artifact")
    for name in client_writes:
        monkeypatch.setattr(MlflowClient, name, made.watch(getattr(MlflowClient, name)))
    for name in ("_log_params", "_log_metrics_once", "_set_tags"):
        monkeypatch.setattr(SqlAlchemyStore, name, made.watch(getattr(SqlAlchemyStore, name)))
    monkeypatch.setattr(Cursors, "save", made.watch(Cursors.save))
    monkeypatch.setattr(client, "METRICS_PER_BATCH", 7)
    monkeypatch.setattr("harness.tracking.replica.cursors.SAVE_EVERY_S", 0.0)
    return made


def early(store: Path) -> list[MadeRun]:
    """A run that failed beyond its checkpoint, and one that goes on."""
    failed = MadeRun.at(store, "probe/ab0").begin().train(10, 40).checkpoint(30).fail(ValueError("no"))
    return [failed, MadeRun.at(store, "probe/ab1", now=1_700_000_100.0).begin().train(10, 40).checkpoint(20)]


def middle(store: Path) -> list[MadeRun]:
    """The second run has saved more."""
    runs = early(store)
    runs[1].checkpoint(40)
    return runs


def late(store: Path) -> list[MadeRun]:
    """The first does again what it had not saved, the second what its newest checkpoint lost; both end."""
    runs = middle(store)
    runs[0].begin(30).train(40, 50).finish({"test/auroc": 0.8}, b"x")
    runs[1].begin(20).train(30, 60).finish({"test/auroc": 0.9})
    return runs


def grid_of(runs: list[MadeRun], num_params: int) -> ReplicaGrid:
    members = [as_run(made.folder, seed) for seed, made in enumerate(runs)]
    params = {f"p{at}": "x" for at in range(num_params)}
    return as_grid([as_cell("vicreg", [replace(run, params=params) for run in members])])


def nameless(replica: Replica, grid: str) -> dict[str, Any]:
    """All that MLflow has of a grid, whatever the grid is called."""
    found = snapshot(replica.uri, grid)
    found["grid"].pop("info")
    found["grid"]["tags"].pop("mlflow.runName")
    return found


def killed_anywhere(
    replica: Replica, reaper: Reaper, earlier: ReplicaGrid | None, killed: ReplicaGrid, last: ReplicaGrid
) -> int:
    """Sync `killed` after `earlier` and kill it before its n-th write, for each n; then sync `last` and compare.

    Returns:
        How many writes there were to be killed before.
    """
    replica.sync(replace(last, name="whole"))
    expected = nameless(replica, "whole")
    for limit in range(1_000):
        name = f"killed {limit}"
        if earlier is not None:
            replica.sync(replace(earlier, name=name))
        reaper.count, reaper.limit = 0, limit
        try:
            replica.sync(replace(killed, name=name))
            return limit
        except KilledError:
            reaper.limit = None
        replica.sync(replace(last, name=name))
        assert nameless(replica, name) == expected, f"killed before write {limit}"
    raise AssertionError("the sync does not end")


def test_killed_while_it_fills_an_empty_store_and_the_runs_move_on(
    replica: Replica, reaper: Reaper, tmp_path: Path
) -> None:
    before, after = grid_of(early(tmp_path / "early"), 120), grid_of(late(tmp_path / "late"), 120)
    assert killed_anywhere(replica, reaper, None, before, after) > 20


def test_killed_while_a_run_is_made_anew_and_ends(replica: Replica, reaper: Reaper, tmp_path: Path) -> None:
    before, after = grid_of(early(tmp_path / "early")[:1], 1), grid_of(late(tmp_path / "late")[:1], 1)
    assert killed_anywhere(replica, reaper, before, after, after) > 10


def test_killed_while_it_sends_steps_that_are_then_done_again(replica: Replica, reaper: Reaper, tmp_path: Path) -> None:
    folders = (early(tmp_path / "early"), middle(tmp_path / "middle"), late(tmp_path / "late"))
    assert killed_anywhere(replica, reaper, *(grid_of(runs[1:], 1) for runs in folders)) > 3
