"""What has become of each run, read from the run folders and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import StoreError
from harness.grid.plan import Plan, PlannedRun
from harness.tracking.attempt import Attempt
from harness.tracking.result import Result
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store

DONE, RUNNING, FAILED, INTERRUPTED, BLOCKED, MISSING = "done", "running", "failed", "interrupted", "blocked", "missing"
LOST_RANK = "lost rank"
"""The kind of failure that ranks record when another one of theirs is gone: a consequence, and no reason."""

STATES = (DONE, RUNNING, FAILED, INTERRUPTED, BLOCKED, MISSING)


@dataclass(frozen=True)
class State:
    """What has become of a run.

    Attributes:
        name: One of `STATES`. Interrupted: an attempt ended without a result or a reason of its own.
        reason: Why there is no result, in words; empty when there is one.
        step: Steps done, by the journal; 0 where none was written.
        result: The result, when there is one.
        hours: Wall time of all attempts together.
    """

    name: str
    reason: str = ""
    step: int = 0
    result: Result | None = None
    hours: float = 0.0


def states(plan: Plan, store: Store) -> dict[str, State]:
    """The state of every run of a plan, by its key; a run is blocked where one that it reads has failed."""
    found: dict[str, State] = {}
    for run in plan.runs:
        state = state_of(store.run(run.key))
        found[run.key] = _blocked(run, found) or state if state.name == MISSING else state
    return found


def state_of(folder: RunFolder) -> State:
    """The state of one run by its own folder."""
    attempts = folder.attempts()
    hours = sum(attempt.seconds() for attempt in attempts) / 3600
    try:
        result = folder.result()
    except StoreError as error:
        return State(FAILED, f"failed: {error.what}", hours=hours)
    if result is not None:
        return State(DONE, result=result, hours=hours)
    if folder.is_running():
        return State(RUNNING, "running", _steps(attempts), hours=hours)
    if not attempts:
        return State(MISSING, "not submitted yet")
    return _ended(attempts, hours)


def _ended(attempts: list[Attempt], hours: float) -> State:
    failure = attempts[-1].failure()
    if failure and failure["kind"] != LOST_RANK:
        message = str(failure["message"]).splitlines()[0]
        return State(FAILED, f"failed: {failure['kind']}: {message}", _steps(attempts), hours=hours)
    how = "since a rank was lost" if failure else "with no reason recorded"
    reason = f"interrupted in attempt {attempts[-1].number}, {how}"
    return State(INTERRUPTED, reason, _steps(attempts), hours=hours)


def _steps(attempts: list[Attempt]) -> int:
    return max((entry.step for entry in attempts[-1].entries()), default=0) if attempts else 0


def _blocked(run: PlannedRun, found: Mapping[str, State]) -> State | None:
    for key in run.inputs:
        state = found.get(key)
        if state is not None and state.name in (FAILED, BLOCKED):
            return State(BLOCKED, f"blocked: {key} {state.reason}")
    return None


def counts(found: Mapping[str, State]) -> dict[str, int]:
    """How many runs are in each state, the states that occur only."""
    names = [state.name for state in found.values()]
    return {name: names.count(name) for name in STATES if name in names}
