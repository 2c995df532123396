"""Launchers start jobs; the queue decides which; a worker computes the runs of one job."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.config.family import Family


@dataclass(frozen=True)
class Request:
    """One job: a process group that computes some runs in turn.

    Attributes:
        store: The store's root.
        plan: The plan file that holds the runs.
        runs: Their keys.
        ranks: Processes of the group.
        threads: CPU threads of each.
        token: The ledger's token, part of the job's name.
        folder: Where the launcher may keep files of its own.
    """

    store: Path
    plan: Path
    runs: tuple[str, ...]
    ranks: int
    threads: int
    token: str
    folder: Path

    @property
    def rendezvous(self) -> Path:
        """The file through which the ranks find each other, of this job alone."""
        return self.folder / f"{self.token}.rendezvous"


class Job(Protocol):
    """A job that was started."""

    @property
    def id(self) -> str:
        """The launcher's name for the job."""

    def ended(self) -> str | None:
        """How the job ended, in a word or two; None while it runs."""

    def stop(self) -> None:
        """Ask the job to checkpoint and end."""

    def kill(self) -> None:
        """End the job at once."""


class Launcher(Family, package="harness.launch"):
    """Starts jobs in one way or another."""

    @abstractmethod
    def start(self, request: Request) -> Job:
        """Start a job and return at once, or, where the launcher runs jobs itself, when it is over."""

    def slots(self) -> int:
        """How many ranks may run at the same time."""
        return 1
