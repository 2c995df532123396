"""`harness submit`: run what is missing, in the foreground; Ctrl-C leaves the grid resumable."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from harness.cli.common import console, grid_arguments, planned, store_option
from harness.cli.progress import watcher
from harness.config.read import read
from harness.errors import ConfigError
from harness.files import locked, write_atomic
from harness.grid.plan import Plan
from harness.grid.states import BLOCKED, DONE, FAILED, State, counts
from harness.launch import Launcher
from harness.launch.queue import Queue
from harness.tracking.store import Store

INTERRUPTED_EXIT = 130


@click.command("submit")
@grid_arguments
@store_option
@click.option("--launcher", default="local", show_default=True, help="local (Submitit, with slots) or inline.")
@click.option("--slots", type=click.IntRange(min=1), help="Ranks at the same time; one for each core by default.")
@click.option("--no-sync", is_flag=True, help="Do not replicate into MLflow when done.")
def command(grid: Path, words: tuple[str, ...], store: Store, launcher: str, slots: int | None, no_sync: bool) -> None:
    """Run what is missing of GRID and wait for it."""
    plan = planned(grid, words, store)
    _refuse_provisional(plan)
    settings = {"name": launcher} | ({"max_slots": slots} if slots else {})
    chosen = read(Launcher, settings, "--launcher")  # type: ignore[type-abstract]
    folder = store.grid(plan.grid)
    try:
        with locked(folder / "submit.lock", wait=False):
            plan_path = plan.save(folder)
            write_atomic(folder / "grid.yaml", grid.read_text(encoding="utf-8"))
            found = _worked_off(Queue(plan, plan_path, store, chosen, watcher(plan, store)))
    except BlockingIOError as error:
        raise ConfigError(
            f"another `harness submit` is at work on grid {plan.grid!r}", mend="wait for it, or watch `harness status`"
        ) from error
    if not no_sync:
        _sync(plan.grid, store)
    _say(found, grid)


def _refuse_provisional(plan: Plan) -> None:
    lacking = next((run for run in plan.runs if run.provisional and not run.inputs), None)
    if lacking is not None:
        root = lacking.settings.get("data", {}).get("root")
        raise ConfigError(
            f"there are no data at {root!r}", where="data.root", mend="set data.root=PATH to where they lie"
        )


def _worked_off(queue: Queue) -> dict[str, State]:
    try:
        return queue.run()
    except KeyboardInterrupt:
        click.echo("stopped; what was running wrote a checkpoint. The same command goes on from there.", err=True)
        sys.exit(INTERRUPTED_EXIT)


def _sync(name: str, store: Store) -> None:
    """Replicate into MLflow from a process of its own: this one never imports mlflow."""
    command_line = [sys.executable, "-m", "harness", "sync", name, "--store", str(store.root), "--quiet"]
    subprocess.run(command_line, check=False)


def _say(found: Mapping[str, State], grid: Path) -> None:
    screen = console()
    tally = ", ".join(f"{number} {name}" for name, number in counts(found).items())
    screen.print(f"{tally}. Next: harness table {grid}", soft_wrap=True)
    for key, state in found.items():
        if state.name in (FAILED, BLOCKED):
            screen.print(f"  {key}: {state.reason}", soft_wrap=True)
    if any(state.name != DONE for state in found.values()):
        sys.exit(1)
