"""The queue and the launchers, on a tiny grid that really trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.grid.ledger import Ledger
from harness.grid.states import BLOCKED, DONE, FAILED, MISSING, State, states
from harness.launch import Launcher
from harness.launch.inline import Inline
from harness.launch.local import Local
from harness.launch.queue import Queue
from harness.tracking.store import Store
from support.grids import plan_of, write_grid
from support.silent import Silent

ONE_SEED = {"axes": {"seed": [0]}}


def work_off(tmp_path: Path, launcher: Launcher, over: dict[str, Any] | None = None) -> tuple[Queue, dict[str, State]]:
    store = Store(tmp_path / "store")
    plan = plan_of(write_grid(tmp_path, over or ONE_SEED), store.root)
    queue = Queue(plan, plan.save(store.grid(plan.grid)), store, launcher, Silent())
    return queue, queue.run()


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("launcher", [Inline(), Local(max_slots=2)], ids=["inline", "local"])
def test_a_grid_runs_to_its_end(tmp_path: Path, launcher: Launcher, ranks: int) -> None:
    over = {**ONE_SEED, "resources": {"pretrain": {"ranks": ranks, "threads": 1}}}
    queue, found = work_off(tmp_path, launcher, over)
    assert {state.name for state in found.values()} == {DONE}
    for run in queue.plan.runs:
        folder = queue.store.run(run.key)
        assert not folder.checkpoints.exists(), "after the result only the encoders stay"
        assert len(folder.attempts()) == 1
    ledger = list(Ledger(queue.store.grid(queue.plan.grid)).entries())
    started = [key for entry in ledger if entry["kind"] == "intent" for key in entry["runs"]]
    assert sorted(started) == sorted(run.key for run in queue.plan.runs), "each run was started once"
    tokens = [
        {entry["token"] for entry in ledger if entry["kind"] == kind} for kind in ("intent", "submitted", "ended")
    ]
    assert tokens[0] == tokens[1] == tokens[2]


def test_a_second_submission_runs_nothing(tmp_path: Path) -> None:
    queue, _ = work_off(tmp_path, Inline())
    before = len(list(Ledger(queue.store.grid("tiny")).entries()))
    _, found = work_off(tmp_path, Inline())
    assert {state.name for state in found.values()} == {DONE}
    assert len(list(Ledger(queue.store.grid("tiny")).entries())) == before


def test_a_failed_run_is_recorded_and_blocks_what_reads_it_and_nothing_else(tmp_path: Path) -> None:
    """The asymmetric pair's second image is cut off after the plan was made."""
    store = Store(tmp_path / "store")
    over = {**ONE_SEED, "optimiser": {"lr": 1e30}, "axes": {"seed": [0], "pair": {"symmetric": {"optimiser.lr": 1e-3}}}}
    queue, found = work_off(tmp_path, Inline(), over)
    names = {run.labels[0].get("pair", "floor"): [] for run in queue.plan.runs}
    for run in queue.plan.runs:
        names[run.labels[0].get("pair", "floor")].append((run.stage, found[run.key].name))
    assert names["asymmetric"] == [("pretrain", FAILED), ("probe", BLOCKED)]
    assert names["symmetric"] == [("pretrain", DONE), ("probe", DONE)]
    assert {name for _, name in names["floor"]} == {DONE}
    failed = next(run for run in queue.plan.runs if found[run.key].name == FAILED)
    record = store.run(failed.key).attempts()[-1].failure()
    assert record["kind"] == "non-finite loss"
    assert "step" in record["message"]
    assert len(store.run(failed.key).attempts()) == 1, "a failure with a reason is not repeated"
    again = states(queue.plan, store)
    assert {key: state.name for key, state in again.items()} == {key: state.name for key, state in found.items()}


def test_the_next_submission_tries_a_failed_run_again(tmp_path: Path) -> None:
    over = {**ONE_SEED, "optimiser": {"lr": 1e30}}
    queue, _ = work_off(tmp_path, Inline(), over)
    failed = [run.key for run in queue.plan.of("pretrain")]
    work_off(tmp_path, Inline(), over)
    assert [len(queue.store.run(key).attempts()) for key in failed] == [2, 2]


def test_a_run_whose_pixels_changed_after_the_plan_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    plan = plan_of(write_grid(tmp_path, ONE_SEED), store.root)
    image = tmp_path / "pairs" / "he" / "s0000.png"
    image.write_bytes((tmp_path / "pairs" / "he" / "s0001.png").read_bytes())
    found = Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    reasons = [state.reason for state in found.values() if state.name == FAILED]
    assert reasons
    assert all("failed: bad data: the data in" in reason and "digest" in reason for reason in reasons)
    assert DONE not in {state.name for state in found.values()}
    assert MISSING not in {state.name for state in found.values()}
