"""The queue: starts jobs for what is missing, in the foreground, until nothing is left that can run.

A run is ready when every run that it reads has a result. Later stages go first, so
that cells are finished one by one. A run whose job ended without a result and without
a reason (a killed process, say) is started again, a few times; one that failed with a
reason is not, until the next `submit`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.grid.ledger import Ledger
from harness.grid.plan import Plan, PlannedRun
from harness.grid.states import BLOCKED, DONE, FAILED, MISSING, RUNNING, State, state_of, states
from harness.launch import Job, Launcher, Request
from harness.tracking.store import Store

POLL_S = 0.2
LOOK_EVERY_S = 1.0
STARTS = 3
GRACE_S = 60.0


class Watcher(Protocol):
    """Is told what the queue sees, to show it."""

    def seen(self, found: Mapping[str, State], running: Sequence[str]) -> None:
        """The state of every run, and the keys that jobs are at work on; called several times a second."""


@dataclass
class _Started:
    job: Job
    request: Request


@dataclass
class Queue:
    """Works off a plan with one launcher.

    Attributes:
        plan: What to run.
        plan_path: The file that workers read it from.
        store: Where results go.
        launcher: How jobs are started.
        watcher: Who is told.
    """

    plan: Plan
    plan_path: Path
    store: Store
    launcher: Launcher
    watcher: Watcher
    found: dict[str, State] = field(default_factory=dict)
    _starts: dict[str, int] = field(default_factory=dict)
    _jobs: list[_Started] = field(default_factory=list)
    _looked: float = 0.0

    def run(self) -> dict[str, State]:
        """Start jobs until nothing is left that can run; returns the state of every run.

        Raises:
            KeyboardInterrupt: After every job was asked to checkpoint and has ended.
        """
        self.found = states(self.plan, self.store)
        self._ledger = Ledger(self.store.grid(self.plan.grid))
        try:
            while self._step():
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            self._stop()
            raise
        self.found = states(self.plan, self.store)
        self._tell()
        return self.found

    def _step(self) -> bool:
        """Reap, start, tell; false when there is nothing to wait for."""
        self._reap()
        self._look_at_results()
        while (request := self._next()) is not None:
            self._start(request)
            self._reap()
        self._tell()
        return bool(self._jobs) or self._others_running()

    def _next(self) -> Request | None:
        """The next job that fits into the free slots, or None."""
        free = self.launcher.slots() - sum(min(item.request.ranks, self.launcher.slots()) for item in self._jobs)
        ready = self._ready()
        for stage in reversed(self.plan.stages()):
            runs = [run.key for run in ready if run.stage == stage]
            resources = self.plan.resources_of(stage)
            needed = min(resources.ranks, self.launcher.slots())
            if runs and needed <= free:
                share = math.ceil(len(runs) / max(1, free // needed))
                return self._request(runs[: min(resources.runs_per_job, share)], stage)
        return None

    def _request(self, runs: Sequence[str], stage: str) -> Request:
        resources = self.plan.resources_of(stage)
        return Request(
            store=self.store.root.resolve(),
            plan=self.plan_path.resolve(),
            runs=tuple(runs),
            ranks=resources.ranks,
            threads=resources.threads or max(1, len(os.sched_getaffinity(0)) // self._abreast(resources.ranks)),
            token=self._ledger.intend(self.launcher.name, runs),
            folder=(self.store.grid(self.plan.grid) / "jobs").resolve(),
        )

    def _abreast(self, ranks: int) -> int:
        """Ranks that share this machine's cores."""
        return max(self.launcher.slots(), ranks)

    def _start(self, request: Request) -> None:
        for key in request.runs:
            self._starts[key] = self._starts.get(key, 0) + 1
        request.folder.mkdir(parents=True, exist_ok=True)
        job = self.launcher.start(request)
        self._ledger.submitted(request.token, job.id)
        self._jobs.append(_Started(job, request))

    def _reap(self) -> None:
        """Take the jobs that have ended off the list and look at what became of their runs."""
        for item in list(self._jobs):
            how = item.job.ended()
            if how is not None:
                self._jobs.remove(item)
                self._ledger.ended(item.request.token, how)
                self._look(item.request.runs)
                self._give_back(item.request.runs)

    def _look_at_results(self) -> None:
        """Runs of jobs at work that have a result by now, so that what reads them need not wait for the job's end."""
        if time.monotonic() - self._looked < LOOK_EVERY_S:
            return
        self._looked = time.monotonic()
        for item in self._jobs:
            self._look([key for key in item.request.runs if self._has_result(key)])

    def _has_result(self, key: str) -> bool:
        return self.found[key].name != DONE and (self.store.run(key).path / "result.json").exists()

    def _give_back(self, keys: Sequence[str]) -> None:
        """A run that its job did not come to, since one before it failed, has not used up a start."""
        if any(self.found[key].name in (DONE, FAILED) for key in keys):
            for key in keys:
                if self.found[key].name == MISSING:
                    self._starts[key] -= 1

    def _look(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.found[key] = state_of(self.store.run(key))
            if self.found[key].name == FAILED:
                self._starts[key] = STARTS
        if any(self.found[key].name != DONE for key in keys):
            self._block()

    def _block(self) -> None:
        """Mark what reads a run that will not be had."""
        for run in self.plan.runs:
            lost = next((key for key in run.inputs if self._is_lost(key)), None)
            if lost is not None and self.found[run.key].name == MISSING:
                self.found[run.key] = State(BLOCKED, f"blocked: {lost} {self.found[lost].reason}")

    def _is_lost(self, key: str) -> bool:
        state = self.found[key]
        return state.name == BLOCKED or (state.name not in (DONE, RUNNING) and self._starts.get(key, 0) >= STARTS)

    def _ready(self) -> list[PlannedRun]:
        at_work = {key for item in self._jobs for key in item.request.runs}
        return [run for run in self.plan.runs if run.key not in at_work and self._is_ready(run)]

    def _is_ready(self, run: PlannedRun) -> bool:
        if self.found[run.key].name in (DONE, RUNNING) or self._starts.get(run.key, 0) >= STARTS:
            return False
        return all(self.found[key].name == DONE for key in run.inputs)

    def _others_running(self) -> bool:
        """Look again at runs that another submission computes; true while there are any."""
        keys = [key for key, state in self.found.items() if state.name == RUNNING]
        self._look(keys)
        return bool(keys)

    def _tell(self) -> None:
        at_work = [key for item in self._jobs for key in item.request.runs if self.found[key].name != DONE]
        self.watcher.seen(self.found, at_work)

    def _stop(self) -> None:
        """Ask every job to checkpoint and end; after a while insist."""
        for item in self._jobs:
            item.job.stop()
        deadline = time.monotonic() + GRACE_S
        while any(item.job.ended() is None for item in self._jobs) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        for item in self._jobs:
            item.job.kill()
        self._reap()
