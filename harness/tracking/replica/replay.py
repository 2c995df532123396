"""Which entries of a run's journals are due, from a byte cursor on.

What is replayed is `RunFolder.history`: each step once, of the highest attempt that did
it and kept it. While a run lives an entry is due when a checkpoint covers it, since a
later attempt may do the steps after it again. A run that failed is replayed to its end
all the same, for the end is what people look at; when it then goes on from an earlier
step, what was sent is no longer its history, and the replica is made anew (`is_stale`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.tracking.attempt import Attempt
from harness.tracking.journal import Entry, read_journal
from harness.tracking.replica.names import legal_key
from harness.tracking.replica.spec import FAILED, FINISHED, KILLED
from harness.tracking.run_folder import RunFolder


@dataclass(frozen=True)
class Point:
    """One value of a metric; `time` in milliseconds since 1970."""

    key: str
    value: float
    time: int
    step: int


@dataclass(frozen=True)
class Cursor:
    """How far the journals of a run were replayed.

    Attributes:
        attempt: The attempt whose journal was read last.
        offset: Up to which byte.
        step: The last step sent.
        time: When that was measured, in milliseconds since 1970.
        torn: Lines that were no entries.
    """

    attempt: int = 0
    offset: int = 0
    step: int = 0
    time: int = 0
    torn: int = 0


@dataclass(frozen=True)
class Due:
    """What to send, and the cursor once it is sent."""

    points: tuple[Point, ...]
    cursor: Cursor


@dataclass(frozen=True)
class Share:
    """An attempt's share of a run's history.

    Attributes:
        attempt: The attempt.
        start: Its steps are those above this one,
        limit: up to this one, where a later attempt took over.
        last: Whether no later attempt has begun.
    """

    attempt: Attempt
    start: int
    limit: float
    last: bool


def shares(run: RunFolder) -> list[Share]:
    """The attempts that have begun, at one moment: all that is decided of a run in a pass is decided by these."""
    begun = [(attempt, start) for attempt in run.attempts() if (start := _first_step(attempt)) is not None]
    return [
        Share(attempt, start, min((later for _, later in begun[at + 1 :]), default=math.inf), at + 1 == len(begun))
        for at, (attempt, start) in enumerate(begun)
    ]


def due(parts: Sequence[Share], cursor: Cursor, status: str) -> Due:
    """The part of a run's history after `cursor` that its status makes due."""
    points: list[Point] = []
    for part in parts:
        if part.attempt.number >= cursor.attempt:
            found, cursor = _of_share(part, cursor, status in (FINISHED, FAILED))
            points += found
    return Due(tuple(points), cursor)


def is_stale(parts: Sequence[Share], attempt: int, step: int) -> bool:
    """Whether a replica that reaches `step` of `attempt` holds steps that a later attempt did again."""
    return any(part.attempt.number > attempt and part.start < step for part in parts)


def started(run: RunFolder) -> int | None:
    """When a run began, in milliseconds since 1970; None where no attempt has come so far as to say."""
    return next((time for time in map(_start_of, run.attempts()) if time is not None), None)


def ended(run: RunFolder, status: str) -> int | None:
    """When a run ended, in milliseconds since 1970: by its result, its failure, or its last entry."""
    if status not in (FINISHED, FAILED, KILLED):
        return None
    result = run.result() if status == FINISHED else None
    return milliseconds(result.finished) if result else max(map(_end_of, run.attempts()), default=None)


def milliseconds(seconds: float) -> int:
    """MLflow's unit of time."""
    return round(seconds * 1000)


def _first_step(attempt: Attempt) -> int | None:
    return next((entry.step for entry in attempt.entries() if entry.kind == "start"), None)


def _of_share(part: Share, cursor: Cursor, everything: bool) -> tuple[list[Point], Cursor]:
    """The points of one attempt that are due; the cursor stops before the first entry that is not."""
    path = part.attempt.journal_path
    if cursor.attempt != part.attempt.number:
        cursor = replace(cursor, attempt=part.attempt.number, offset=0)
    entries, start = [entry for entry in read_journal(path, cursor.offset) if _is_sound(entry)], cursor.offset
    covered = math.inf if everything or not part.last else _last_checkpoint(entries)
    points: list[Point] = []
    held = False
    for entry in entries:
        kept = entry.kind == "metrics" and part.start < entry.step <= part.limit
        if kept and entry.step > covered:
            held = True
            continue
        if kept:
            points += _points(entry)
            cursor = replace(cursor, step=max(cursor.step, entry.step), time=milliseconds(entry.time))
        cursor = cursor if held else replace(cursor, offset=entry.end)
    return points, replace(cursor, torn=cursor.torn + _torn(path, start, cursor.offset, entries))


def _is_sound(entry: Entry) -> bool:
    """Whether an entry that reads as JSON has what the journal puts into one."""
    numbers = (entry.time, entry.step, *entry.values.values()) if isinstance(entry.values, dict) else (None,)
    return all(isinstance(number, int | float) for number in numbers)


def _last_checkpoint(entries: list[Entry]) -> float:
    return max((entry.step for entry in entries if entry.kind == "checkpoint"), default=-math.inf)


def _points(entry: Entry) -> Iterator[Point]:
    for name, value in entry.values.items():
        yield Point(legal_key(name), float(value), milliseconds(entry.time), entry.step)


def _torn(path: Path, start: int, end: int, entries: list[Entry]) -> int:
    """How many whole lines between two bytes were no entries."""
    with open(path, "rb") as file:
        file.seek(start)
        lines = file.read(end - start).count(b"\n")
    return lines - sum(entry.end <= end for entry in entries)


def _start_of(attempt: Attempt) -> int | None:
    """An attempt's provenance says when it started; without one its first entry or its failure does."""
    first = next((entry.time for entry in attempt.entries()), None)
    for time in (attempt.provenance().get("started"), first, attempt.failure().get("time")):
        if time is not None:
            return milliseconds(time)
    return None


def _end_of(attempt: Attempt) -> int:
    times = [entry.time for entry in attempt.entries()]
    times += [time for time in (attempt.provenance().get("started"), attempt.failure().get("time")) if time is not None]
    return milliseconds(max(times, default=0.0))
