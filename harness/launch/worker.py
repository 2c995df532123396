"""What a job's processes do: compute the runs that they were given, one after the other.

All ranks of a job walk the same list. For each run rank 0 decides whether there is
something to do, claims it, and tells the others; every rank then calls the stage; rank
0 publishes the result. An error of a run is recorded in its attempt, but not that
another rank went away: that one gives its reason, or was killed and the run counts as
interrupted. A job of one rank goes on with its next run; one of several ranks ends,
since its ranks may be at different places, and the queue starts another for what is left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from harness.grid.plan import Plan, PlannedRun
from harness.grid.work import Work
from harness.launch import Request
from harness.launch.capture import captured
from harness.launch.claim import claim, publish
from harness.tracking.attempt import Attempt
from harness.tracking.store import Store

if TYPE_CHECKING:
    from harness.distributed.world import World

FAILED_EXIT = 1
STOPPED_EXIT = 75
STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR2)


class StopFlag:
    """Set by a signal, read by the training loop at its next step; a handler does nothing else."""

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.is_set

    def listen(self) -> None:
        """Let the signals of schedulers and of the queue set the flag; Ctrl-C is the queue's to hear."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _set(self, number: int, frame: FrameType | None) -> None:
        self.is_set = True


@dataclass(frozen=True)
class Member:
    """This process among those of its job."""

    store: Store
    world: World
    threads: int
    stop: StopFlag
    launcher: str
    capture: bool

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0."""
        return self.world.rank == 0


def work(request: Request, launcher: str, capture: bool = True) -> None:
    """Compute a job's runs; called in every one of its processes.

    Args:
        request: The job.
        launcher: Its launcher's name, for provenance.
        capture: Whether signals stop it gently and what it prints goes into the attempt's log.
    """
    from harness.distributed.place import place_from_environment
    from harness.distributed.world import joined

    planned = {run.key: run for run in Plan.load(request.plan).runs}
    stop = StopFlag()
    if capture:
        stop.listen()
    with joined(place_from_environment(os.environ), request.rendezvous) as world:
        member = Member(Store(request.store), world, request.threads, stop, launcher, capture)
        for key in request.runs:
            if stop():
                sys.exit(STOPPED_EXIT)
            _compute(member, planned[key])


def _compute(member: Member, run: PlannedRun) -> None:
    """Claim a run on rank 0, and where that succeeds attempt it on every rank."""
    with contextlib.ExitStack() as held:
        claimed = claim(member.store, run, _conditions(member), held) if member.is_main else 0
        number = _from_main(claimed, member.world)
        if number:
            _attempt(member, run, Attempt(member.store.run(run.key).path / "attempts" / str(number)))


def _from_main(number: int, world: World) -> int:
    """Rank 0's number, on every rank."""
    import torch

    from harness.distributed.collectives import all_ranks

    return int(all_ranks(torch.tensor([number], device=world.device))[0])


def _conditions(member: Member) -> dict[str, object]:
    """What provenance should say of this job."""
    conditions = {"launcher": member.launcher, "ranks": member.world.size, "threads": member.threads}
    return {**conditions, "device": str(member.world.device)}


def _attempt(member: Member, run: PlannedRun, attempt: Attempt) -> None:
    from harness.distributed.world import is_lost_rank
    from harness.training.interrupted import Interrupted

    log = attempt.log_path(member.world.rank) if member.capture else None
    with captured(log), contextlib.ExitStack() as stack:
        journal = stack.enter_context(attempt.journal()) if member.is_main else None
        folder = member.store.run(run.key)
        handed = Work(member.store, folder, attempt, member.world, journal, member.threads, member.stop)
        try:
            outcome = run.build()(handed)
            if member.is_main:
                publish(folder, attempt, outcome)
        except Interrupted as interrupted:
            if journal is not None:
                journal.note(f"stopped on request: {interrupted}")
            sys.exit(STOPPED_EXIT)
        except Exception as error:
            traceback.print_exc()
            if not is_lost_rank(error):
                attempt.fail(error, member.world.rank)
            _leave_the_others(member)


def _leave_the_others(member: Member) -> None:
    """End at once where other ranks wait for this one: their collectives then fail, too, instead of hanging."""
    if member.world.size > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED_EXIT)
