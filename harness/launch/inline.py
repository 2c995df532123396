"""The launcher for looking closely: one job at a time, on this terminal.

A job of one rank runs in this very process, so that a debugger sees it; the ranks of
a larger one are child processes that print here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from harness.launch import Job, Launcher, Request


class Inline(Launcher, name="inline"):
    """Runs each job to its end before the next one starts."""

    def start(self, request: Request) -> Job:
        """Run the job to its end."""
        request.folder.mkdir(parents=True, exist_ok=True)
        return _here(request) if request.ranks == 1 else _beside(request)


@dataclass(frozen=True)
class _Over:
    """A job that has ended."""

    id: str
    how: str

    def ended(self) -> str | None:
        return self.how

    def stop(self) -> None:
        """Nothing is left to stop."""

    def kill(self) -> None:
        """Nothing is left to end."""


def _here(request: Request) -> Job:
    from harness.launch.worker import work

    try:
        work(request, "inline", capture=False)
    except SystemExit as leaving:
        return _Over(str(os.getpid()), f"exit {leaving.code}")
    return _Over(str(os.getpid()), "exit 0")


def _beside(request: Request) -> Job:
    command = [sys.executable, "-m", "harness.launch.rank", *_words(request)]
    ranks = [subprocess.Popen(command, env=_environment(request, rank)) for rank in range(request.ranks)]
    try:
        codes = [process.wait() for process in ranks]
    except KeyboardInterrupt:
        for process in ranks:
            process.terminate()
        codes = [process.wait() for process in ranks]
    return _Over(str(ranks[0].pid), f"exit {max(codes, key=abs)}")


def _words(request: Request) -> list[str]:
    paths = [str(request.store), str(request.plan), str(request.folder)]
    return [*paths, str(request.ranks), str(request.threads), request.token, *request.runs]


def _environment(request: Request, rank: int) -> dict[str, str]:
    """What torchrun would set for a rank on this machine."""
    size = str(request.ranks)
    place = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size}
    return {**os.environ, **place, "OMP_NUM_THREADS": str(request.threads)}
