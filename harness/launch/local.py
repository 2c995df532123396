"""The launcher for one machine: Submitit's local executor, behind the queue's slots."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from harness.launch import Job, Launcher, Request
from harness.launch.worker import work

A_YEAR_MIN = 60 * 24 * 365


class Local(Launcher, name="local"):
    """Runs jobs on this machine, as many at once as there are slots.

    Attributes:
        max_slots: Ranks at the same time; None takes one for each core.
    """

    max_slots: int | None = Field(default=None, ge=1)

    def slots(self) -> int:
        """How many ranks may run at the same time."""
        return self.max_slots or len(os.sched_getaffinity(0))

    def start(self, request: Request) -> Job:
        """Start the job's processes and return."""
        import submitit

        executor = submitit.LocalExecutor(request.folder)
        executor.update_parameters(timeout_min=A_YEAR_MIN, tasks_per_node=request.ranks, stderr_to_stdout=True)
        with _shielded():
            return _LocalJob(executor.submit(work, request, "local"))


@contextlib.contextmanager
def _shielded() -> Iterator[None]:
    """Start children that do not hear Ctrl-C: the queue hears it and asks them to checkpoint."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class _LocalJob:
    """A Submitit job on this machine; its id is the process id of Submitit's controller."""

    job: Any

    @property
    def id(self) -> str:
        return str(self.job.job_id)

    def ended(self) -> str | None:
        """How the job ended, as its controller says; whether the runs succeeded is in their folders."""
        return str(self.job.state).lower() if self.job.done() else None

    def stop(self) -> None:
        """Ask for a checkpoint; the controller passes the signal on to the ranks."""
        _signal(int(self.id), signal.SIGTERM)

    def kill(self) -> None:
        """End the ranks at once; the controller then ends by itself."""
        for child in _children(int(self.id)):
            _signal(child, signal.SIGKILL)


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _children(process: int) -> list[int]:
    """The processes that a process started, by the kernel's own list."""
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
