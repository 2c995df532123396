"""What a job's processes do: compute the runs that they were given, one after the other.

All ranks of a job walk the same list. For each run rank 0 decides whether there is
something to do, claims it, and tells the others; every rank then calls the stage; rank
0 publishes the result. An error of a run is recorded in its attempt, but not that
another rank went away: that one gives its reason, or was killed and the run counts as
interrupted. A job of one rank goes on with its next run; one of several ranks ends,
since its ranks may be at different places, and the queue starts another for what is left.

Runs of a job that are cheaper computed together (`Stage.together`) are claimed together
and handed to their stage in one call. Each keeps a folder, an attempt, a journal and a
result of its own; one that has a result, or that somebody else computes, is left out.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.grid.plan import Plan, PlannedRun
from harness.launch import Request
from harness.launch.attempted import STOPPED_EXIT, Member, Part, attempt
from harness.launch.claim import claim
from harness.tracking.store import Store

if TYPE_CHECKING:
    from harness.distributed.world import World

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
        for runs in _grouped([planned[key] for key in request.runs]):
            if stop():
                sys.exit(STOPPED_EXIT)
            _compute(member, runs)


def _grouped(runs: Sequence[PlannedRun]) -> list[list[PlannedRun]]:
    """The runs in order, those that are computed together side by side in the place of the first."""
    groups: dict[str, list[PlannedRun]] = {}
    for run in runs:
        groups.setdefault(_group(run) or run.key, []).append(run)
    return list(groups.values())


def _group(run: PlannedRun) -> str | None:
    """What a run says of `Stage.together`; None where its settings cannot be read, which its attempt will say."""
    with contextlib.suppress(HarnessError):
        together = run.build().together()
        return None if together is None else f"{run.stage} {together}"
    return None


def _compute(member: Member, runs: Sequence[PlannedRun]) -> None:
    """Claim runs on rank 0, and attempt on every rank those of them that could be claimed."""
    with contextlib.ExitStack() as held:
        conditions = _conditions(member, len(runs))
        claimed = [claim(member.store, run, conditions, held) if member.is_main else 0 for run in runs]
        numbers = zip(runs, _from_main(claimed, member.world), strict=True)
        parts = [Part.of(member, run, number) for run, number in numbers if number]
        if parts:
            attempt(member, parts)


def _from_main(numbers: Sequence[int], world: World) -> list[int]:
    """Rank 0's numbers, on every rank."""
    import torch

    from harness.distributed.collectives import all_ranks

    found: list[int] = all_ranks(torch.tensor(numbers, device=world.device))[0].tolist()
    return found


def _conditions(member: Member, together: int) -> dict[str, object]:
    """What provenance should say of this job; of runs that share their time, among how many they did."""
    conditions = {"launcher": member.launcher, "ranks": member.world.size, "threads": member.threads}
    shared: dict[str, object] = {"together": together} if together > 1 else {}
    return {**conditions, **shared, "device": str(member.world.device)}
