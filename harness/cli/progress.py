"""Progress of a grid: a bar for it and for each run at work on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from harness.cli.common import console
from harness.grid.plan import Plan, names
from harness.grid.states import DONE, State, counts
from harness.launch.queue import Watcher
from harness.tracking.store import Store

LINE_EVERY_S = 15.0
LOOK_EVERY_S = 1.0


def watcher(plan: Plan, store: Store) -> Watcher:
    """What suits standard output."""
    screen = console()
    names = {run.key: _name(run.stage, run.labels[0]) for run in plan.runs}
    return _Bars(screen, store, names) if screen.is_terminal else _Lines(screen, store, names)


def _name(stage: str, labels: Mapping[str, str]) -> str:
    return " ".join([stage, *names(labels), *([f"#{labels['seed']}"] if "seed" in labels else [])])


@dataclass(frozen=True)
class _Step:
    """Where a run at work is."""

    done: int
    total: int
    rate: float
    loss: float | None

    def text(self) -> str:
        parts = [f"{self.done}/{self.total} steps"] if self.total else []
        parts += [f"{self.rate:.0f} pairs/s"] if self.rate else []
        parts += [f"loss {self.loss:.4g}"] if self.loss is not None else []
        return ", ".join(parts)


def _step(store: Store, key: str) -> _Step:
    """The last that a run's journal says."""
    attempts = store.run(key).attempts()
    entries = list(attempts[-1].entries()) if attempts else []
    total = next((int(entry.values["steps"]) for entry in entries if "steps" in entry.values), 0)
    last = next((entry for entry in reversed(entries) if entry.kind == "metrics"), None)
    values = last.values if last else {}
    return _Step(last.step if last else 0, total, values.get("rate/pairs_per_second", 0.0), values.get("train/loss"))


class _Bars:
    """Bars on a terminal."""

    def __init__(self, screen: Console, store: Store, names: Mapping[str, str]) -> None:
        self.store, self.names, self.looked = store, names, 0.0
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=screen,
            transient=True,
        )
        self.tasks: dict[str, TaskID] = {}
        self.whole = self.bars.add_task("runs", total=len(names), text="")
        self.bars.start()

    def seen(self, found: Mapping[str, State], running: Sequence[str]) -> None:
        """Move the bars."""
        tally = counts(found)
        others = ", ".join(f"{number} {name}" for name, number in tally.items() if name not in (DONE, "missing"))
        self.bars.update(self.whole, completed=tally.get(DONE, 0), text=others)
        if time.monotonic() - self.looked > LOOK_EVERY_S:
            self.looked = time.monotonic()
            self._runs(running)
        if not running and tally.get("running", 0) == 0:
            self.bars.stop()

    def _runs(self, running: Sequence[str]) -> None:
        for key in [key for key in self.tasks if key not in running]:
            self.bars.remove_task(self.tasks.pop(key))
        for key in running:
            step = _step(self.store, key)
            if key not in self.tasks and step.done:
                self.tasks[key] = self.bars.add_task(f"  {self.names[key]}", total=step.total or None, text="")
            if key in self.tasks:
                self.bars.update(self.tasks[key], completed=step.done, text=step.text())


class _Lines:
    """Plain lines: each run as it ends, and now and then those at work."""

    def __init__(self, screen: Console, store: Store, names: Mapping[str, str]) -> None:
        self.screen, self.store, self.names = screen, store, names
        self.begun = self.said = time.monotonic()
        self.known: dict[str, str] | None = None

    def seen(self, found: Mapping[str, State], running: Sequence[str]) -> None:
        """Say what is new."""
        for key, state in found.items():
            if (
                self.known is not None
                and self.known.get(key) != state.name
                and state.name not in ("missing", "running")
            ):
                self._say(f"{state.name} {self.names[key]} ({key}) {state.reason}".rstrip(), found)
        self.known = {key: state.name for key, state in found.items()}
        if running and time.monotonic() - self.said > LINE_EVERY_S:
            self._say("; ".join(self._at_work(running)), found)

    def _at_work(self, running: Sequence[str]) -> list[str]:
        """The runs that have begun, with their progress where they count steps."""
        begun = [key for key in running if self.store.run(key).attempts()]
        return [f"{self.names[key]}: {_step(self.store, key).text() or 'at work'}" for key in begun] or ["starting"]

    def _say(self, text: str, found: Mapping[str, State]) -> None:
        self.said = time.monotonic()
        done = counts(found).get(DONE, 0)
        elapsed = int(self.said - self.begun)
        self.screen.print(
            f"[{elapsed // 60:3d}:{elapsed % 60:02d}] {done}/{len(found)} {text}", markup=False, soft_wrap=True
        )
