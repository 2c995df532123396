"""An attempt at claimed runs: their stage is called, and what came of each is recorded in its own folder."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.errors import HarnessError
from harness.grid.plan import PlannedRun
from harness.grid.stage import Outcome
from harness.grid.work import Work
from harness.launch.capture import captured
from harness.launch.claim import publish
from harness.tracking.attempt import Attempt
from harness.tracking.journal import Journal
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store

if TYPE_CHECKING:
    from harness.distributed.world import World

FAILED_EXIT = 1
STOPPED_EXIT = 75


@dataclass(frozen=True)
class Member:
    """This process among those of its job."""

    store: Store
    world: World
    threads: int
    stop: Callable[[], bool]
    launcher: str
    capture: bool

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0."""
        return self.world.rank == 0


@dataclass(frozen=True)
class Part:
    """A claimed run: its folder and this attempt at it."""

    run: PlannedRun
    folder: RunFolder
    attempt: Attempt

    @classmethod
    def of(cls, member: Member, run: PlannedRun, number: int) -> Self:
        """The run's attempt of this number."""
        folder = member.store.run(run.key)
        return cls(run, folder, Attempt(folder.path / "attempts" / str(number)))


def attempt(member: Member, parts: Sequence[Part]) -> None:
    """Compute claimed runs, and record of each what came of it."""
    from harness.training.interrupted import Interrupted

    left = list(parts)
    with captured(_log(member, parts)), contextlib.ExitStack() as stack:
        journals = [stack.enter_context(part.attempt.journal()) if member.is_main else None for part in parts]
        try:
            for place, found in _found(member, parts, journals):
                _hand_in(member, parts[place], found)
                left.remove(parts[place])
        except Interrupted as interrupted:
            for part, journal in zip(parts, journals, strict=True):
                if journal is not None and part in left:
                    journal.note(f"stopped on request: {interrupted}")
            sys.exit(STOPPED_EXIT)
        except Exception as error:
            _record(member, left, error)


def _found(
    member: Member, parts: Sequence[Part], journals: Sequence[Journal | None]
) -> Iterator[tuple[int, Outcome | HarnessError]]:
    """What the stage finds, as it finds it."""
    stages = [part.run.build() for part in parts]
    works = [
        Work(member.store, part.folder, part.attempt, member.world, journal, member.threads, member.stop)
        for part, journal in zip(parts, journals, strict=True)
    ]
    return type(stages[0]).compute_together(list(zip(stages, works, strict=True)))


def _log(member: Member, parts: Sequence[Part]) -> Path | None:
    """Where the process prints to: the log of the first run, which is that of the others, too."""
    if not member.capture:
        return None
    first, *others = [part.attempt.log_path(member.world.rank) for part in parts]
    first.touch()
    for path in others:
        with contextlib.suppress(OSError):  # a file system without hard links
            path.hardlink_to(first)
    return first


def _hand_in(member: Member, part: Part, found: Outcome | HarnessError) -> None:
    """Publish an outcome, or record an error that is of this run alone."""
    if isinstance(found, HarnessError):
        _record(member, [part], found)
    elif member.is_main:
        publish(part.folder, part.attempt, found)


def _record(member: Member, parts: Sequence[Part], error: Exception) -> None:
    """Say of each run why it has no result."""
    from harness.distributed.world import is_lost_rank

    traceback.print_exception(error)
    if not is_lost_rank(error):
        for part in parts:
            part.attempt.fail(error, member.world.rank)
    _leave_the_others(member)


def _leave_the_others(member: Member) -> None:
    """End at once where other ranks wait for this one: their collectives then fail, too, instead of hanging."""
    if member.world.size > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED_EXIT)
