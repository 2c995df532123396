"""Kill a run's ranks without warning, submit again: the same weights, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.grid.states import state_of
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store
from support.grids import plan_of, write_grid

OVER = {
    "epochs": 60,
    "axes": {"seed": [3]},
    "exclude": [{"pair": "symmetric"}],
    "then": [],
    "floors": [],
    "table": None,
    "online_probe": "tissue",
}

OPTIONS = {
    "shared_weights": True,
    "domain_batch_norm": True,
    "replicated_expander": True,
    "objective": "clip",
    "optimiser": {"eps_form": "uncorrected", "clip_norm": 1.0, "clip_scale": "sum"},
    "shuffle_window": 7,
    "steps": 120,
    "epochs": 1,
}


def submit(grid: Path, store: Path, ranks: int) -> subprocess.Popen[bytes]:
    words = [f"resources.pretrain.ranks={ranks}", "--store", str(store), "--no-sync"]
    command = [sys.executable, "-m", "harness", "submit", str(grid), *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=_hears_ctrl_c)


def _hears_ctrl_c() -> None:
    """A process that was started where Ctrl-C is ignored, as by a test runner's worker, would ignore it, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_of(grid: Path, store: Path) -> RunFolder:
    return Store(store).run(plan_of(grid, store).runs[0].key)


def ranks_at_work(store: Path) -> list[int]:
    """Process ids of the ranks: Submitit's tasks, which name their folder on the command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"submitit.core._submit" in words and any(str(store).encode() in word for word in words):
            found.append(int(entry.name))
    return found


def until_step(run: RunFolder, step: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if state_of(run).step >= step:
            return
        time.sleep(0.02)
    raise AssertionError(f"{run.key} did not come to step {step}: {state_of(run)}")


def weights(run: RunFolder) -> dict[str, str]:
    result = run.result()
    assert result is not None
    return {name: artifact.sha256 for name, artifact in result.artifacts.items()}


DEEPSPEED = {"engine": {"name": "deepspeed", "zero_stage": 2}, "objective": "clip"}
KILLED = [
    pytest.param(1, {}, id="1"),
    pytest.param(2, {}, id="2"),
    pytest.param(3, {}, id="3"),
    pytest.param(3, OPTIONS, id="options"),
    pytest.param(2, DEEPSPEED, id="deepspeed", marks=pytest.mark.deepspeed),
]


@pytest.mark.parametrize(("ranks", "over"), KILLED)
def test_a_killed_run_ends_with_the_same_bits(tmp_path: Path, ranks: int, over: dict[str, Any]) -> None:
    grid = write_grid(tmp_path, OVER | over)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert submit(grid, whole, ranks).wait(120) == 0

    queue = submit(grid, killed, ranks)
    run = run_of(grid, killed)
    until_step(run, 20)
    os.kill(ranks_at_work(killed)[-1], signal.SIGKILL)
    assert queue.wait(120) == 0, "the queue starts a run again that was killed"

    assert len(run.attempts()) >= 2
    assert weights(run) == weights(run_of(grid, whole))
    one, other = run_of(grid, whole).history(), run.history()
    assert [entry.step for entry in one] == [entry.step for entry in other], "every step appears once"
    for mine, theirs in zip(one, other, strict=True):
        assert _without_rates(mine.values) == _without_rates(theirs.values)


def test_a_killed_submission_is_taken_up_by_the_next(tmp_path: Path) -> None:
    grid, store = write_grid(tmp_path, OVER), tmp_path / "store"
    queue = submit(grid, store, 2)
    run = run_of(grid, store)
    until_step(run, 10)
    queue.kill()
    for process in ranks_at_work(store):
        os.kill(process, signal.SIGKILL)
    queue.wait(30)
    assert run.result() is None
    assert submit(grid, store, 2).wait(120) == 0
    assert run.result() is not None
    assert next(entry for entry in run.attempts()[-1].entries() if entry.kind == "start").step > 0


def test_ctrl_c_writes_a_checkpoint_and_the_same_command_goes_on(tmp_path: Path) -> None:
    grid, store = write_grid(tmp_path, {**OVER, "epochs": 200, "checkpoint_every": 600}), tmp_path / "store"
    queue = submit(grid, store, 1)
    run = run_of(grid, store)
    until_step(run, 5)
    queue.send_signal(signal.SIGINT)
    assert queue.wait(60) == 130
    assert run.result() is None
    stopped = state_of(run).step
    assert any("stopped on request" in entry.text for entry in run.attempts()[-1].entries())
    assert submit(grid, store, 1).wait(120) == 0
    start = next(entry for entry in run.attempts()[-1].entries() if entry.kind == "start")
    assert start.step == stopped


def _without_rates(values: object) -> dict[str, float]:
    assert isinstance(values, dict)
    return {name: value for name, value in values.items() if not name.startswith("rate/")}
