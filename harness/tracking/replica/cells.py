"""One cell: a parent run with the mean of its seeds, and the seeds below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.tracking.replica.client import NAME, Known
from harness.tracking.replica.cursors import Record
from harness.tracking.replica.desk import CELL, KEY, KIND, ORDER, ORPHANED, OWNED, DamagedError, Desk, digest_of
from harness.tracking.replica.names import NAME_LIMIT, legal_key, legal_value
from harness.tracking.replica.replay import Point
from harness.tracking.replica.seeds import Seat, begins, sync_seed
from harness.tracking.replica.spec import FAILED, FINISHED, KILLED, RUNNING, ReplicaCell
from harness.tracking.replica.summary import summary

Records = Sequence[Record | None]


@dataclass(frozen=True)
class _Whole:
    """What is written on a cell's own run."""

    points: list[Point]
    tags: Mapping[str, str]
    status: str
    end: int | None

    @property
    def digest(self) -> str:
        return digest_of([vars(point) for point in self.points], dict(self.tags), self.status, self.end)


def sync_cell(desk: Desk, cell: ReplicaCell, number: int) -> list[tuple[Seat, Record | None]]:
    """Bring a cell and its runs up to date; returns each run with its record, None where it has no replica."""
    seats = [Seat(cell, run, f"{number:05d}.{at:04d}") for at, run in enumerate(cell.runs)]
    records = _settled(desk, cell, seats, number) or _write(desk, cell, seats, number)
    for seat, record in zip(seats, records, strict=True):
        if record and record.cursor.torn:
            desk.damaged.append(f"{seat.run.run.key}: {record.cursor.torn} lines of its journals cannot be read")
    return list(zip(seats, records, strict=True))


def _key(cell: ReplicaCell) -> str:
    return f"cell/{cell.place}"


def _settled(desk: Desk, cell: ReplicaCell, seats: Sequence[Seat], number: int) -> Records | None:
    """The records of a cell that has ended and is written down as it is: it costs no word with MLflow."""
    parent = desk.cursors.get(_key(cell))
    if parent is None:
        return None
    records = [desk.unchanged(seat.key, seat.digest(parent.id)) for seat in seats]
    return records if all(records) and parent.digest == _whole(cell, records, number).digest else None


def _write(desk: Desk, cell: ReplicaCell, seats: Sequence[Seat], number: int) -> Records:
    parent = _parent(desk, cell, seats)
    if parent is None:
        return [None for _ in seats]
    records = [_guarded(desk, seat, parent.id) for seat in seats]
    _finish(desk, cell, parent, _whole(cell, records, number))
    return records


def _guarded(desk: Desk, seat: Seat, parent: str) -> Record | None:
    try:
        return sync_seed(desk, seat, parent)
    except DamagedError as error:
        desk.damaged.append(str(error))
        return None


def _begins(desk: Desk, seat: Seat) -> int | None:
    try:
        return begins(seat.run)
    except DamagedError as error:
        desk.damaged.append(str(error))
        return None


def _parent(desk: Desk, cell: ReplicaCell, seats: Sequence[Seat]) -> Known | None:
    """The cell's own run, made when the first of its runs has begun."""
    known = desk.find(_key(cell))
    if known is not None:
        return known
    begun = [time for time in (_begins(desk, seat) for seat in seats) if time is not None]
    tags = {KEY: _key(cell), KIND: "cell"}
    return desk.client.create(desk.experiment.id, cell.name, min(begun), tags) if begun else None


def _whole(cell: ReplicaCell, records: Records, number: int) -> _Whole:
    pairs = zip(records, cell.runs, strict=True)
    done = [(record.ended or 0, run.metrics) for record, run in pairs if record and record.status == FINISHED]
    tags = _tags(cell, number, f"{len(done)} of {len(cell.runs)} done")
    return _Whole(summary(done), tags, *outcome(records))


def _finish(desk: Desk, cell: ReplicaCell, parent: Known, whole: _Whole) -> None:
    old = desk.cursors.get(_key(cell))
    if old is None or (old.id, old.digest) != (parent.id, whole.digest):
        desk.client.log(parent.id, whole.points)
        desk.client.tag(parent, whole.tags, OWNED)
        desk.client.settle(parent, whole.status, whole.end)
        desk.cursors.put(_key(cell), Record(parent.id, whole.digest, whole.status, whole.end))


def outcome(records: Records) -> tuple[str, int | None]:
    """Status and end of what consists of runs: it lives until all have ended, and is as its worst."""
    statuses = [record.status if record else RUNNING for record in records]
    ends = [record.ended or 0 for record in records if record]
    worst = next((status for status in (RUNNING, FAILED, KILLED) if status in statuses), FINISHED)
    return worst, None if worst == RUNNING else max(ends, default=0)


def _tags(cell: ReplicaCell, number: int, seeds: str) -> dict[str, str]:
    labels = {f"axis.{axis}": label for axis, label in cell.labels.items()}
    shown = {
        legal_key(key): legal_value(value) for key, value in {**labels, "stage": cell.stage, "seeds": seeds}.items()
    }
    own = {KEY: _key(cell), KIND: "cell", CELL: cell.cell, ORDER: f"{number:05d}", ORPHANED: "no"}
    return {**shown, **own, NAME: legal_value(cell.name, NAME_LIMIT)}
