"""One run of one cell: its MLflow run, made, continued, or made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.tracking.replica.client import NAME, PARENT, Known, params
from harness.tracking.replica.cursors import Record
from harness.tracking.replica.desk import (
    CELL,
    KEY,
    KIND,
    ORDER,
    ORPHANED,
    OWNED,
    REACH,
    RUN_ID,
    Desk,
    digest_of,
    reading,
)
from harness.tracking.replica.names import NAME_LIMIT, legal_key, legal_value
from harness.tracking.replica.replay import Cursor, Due, Point, Share, due, ended, is_stale, shares, started
from harness.tracking.replica.rowcode import PREDICTIONS, PREDICTIONS_FILE, to_tags
from harness.tracking.replica.spec import FINISHED, ReplicaCell, ReplicaRun

WAITING = ("missing", "blocked")


@dataclass(frozen=True)
class Seat:
    """A run's place in its grid.

    Attributes:
        cell: Its cell.
        run: The run.
        order: Where its row stands among the grid's.
    """

    cell: ReplicaCell
    run: ReplicaRun
    order: str

    @property
    def key(self) -> str:
        """What its MLflow run is found by."""
        return f"run/{self.cell.place}/{self.run.run.key}"

    def digest(self, parent: str) -> str:
        """Of all that is written of a run beside its journals."""
        run = self.run
        return digest_of(parent, self.order, self.cell.name, run.labels, run.params, run.tags, dict(run.row))


def begins(run: ReplicaRun) -> int | None:
    """When a run began; None while it waits."""
    if run.row["state"] in WAITING:
        return None
    with reading(run.run.key):
        return started(run.run)


def sync_seed(desk: Desk, seat: Seat, parent: str) -> Record | None:
    """Bring one run's replica up to date; returns what it is now, or None where the run has not begun.

    Raises:
        DamagedError: The run's folder cannot be read.
    """
    digest = seat.digest(parent)
    return desk.unchanged(seat.key, digest) or _write(desk, seat, parent, digest)


def _write(desk: Desk, seat: Seat, parent: str, digest: str) -> Record | None:
    begun, record = begins(seat.run), desk.cursors.get(seat.key)
    if begun is None:
        _forget(desk, seat.key)
        return None
    with reading(seat.run.run.key):
        parts, end = shares(seat.run.run), ended(seat.run.run, seat.run.status)
    known = _current(desk, seat, begun, parts)
    replayed = record.cursor if record and known and record.id == known.id else Cursor()
    with reading(seat.run.run.key):
        new = due(parts, replayed, seat.run.status)
    known, reach = _reached(desk, seat, known, new.cursor, begun, parent)
    _log(desk, seat, known, new, end)
    _attach(desk, seat.run, known, replayed == Cursor())
    desk.client.tag(known, _tags(seat, parent, reach), OWNED)
    desk.client.settle(known, seat.run.status, end)
    written = Record(known.id, digest, seat.run.status, end, new.cursor)
    desk.cursors.put(seat.key, written)
    return written


def _forget(desk: Desk, key: str) -> None:
    """A run that has a replica and yet waits was removed and will begin again."""
    if desk.cursors.get(key) and (known := desk.find(key)):
        desk.client.delete(known.id)
    desk.cursors.drop(key)


def _current(desk: Desk, seat: Seat, begun: int, parts: Sequence[Share]) -> Known | None:
    """The replica, unless it holds what is no longer the run's history: that one is put out of sight."""
    known = desk.find(seat.key)
    if known is None:
        return None
    stale = known.started != begun or is_stale(parts, *_reach_of(known))
    if stale:
        desk.client.delete(known.id)
    return None if stale else known


def _reach_of(known: Known) -> tuple[int, int]:
    attempt, step = known.tags[REACH].split(":")
    return int(attempt), int(step)


def _reached(desk: Desk, seat: Seat, known: Known | None, cursor: Cursor, begun: int, parent: str) -> tuple[Known, str]:
    """The replica, and how far its metrics may reach: it says so before they are sent, for a kill may come between."""
    reach = max((cursor.attempt, cursor.step), _reach_of(known) if known else (0, 0))
    tags = {REACH: "{}:{}".format(*reach)}
    if known is not None:
        desk.client.tag(known, tags)
        return known, tags[REACH]
    found_by = {KEY: seat.key, KIND: "run", RUN_ID: seat.run.run.key, PARENT: parent}
    return desk.client.create(desk.experiment.id, _name(seat), begun, {**found_by, **tags}), tags[REACH]


def _name(seat: Seat) -> str:
    return legal_value(f"{seat.cell.name} · seed {seat.run.seed}", NAME_LIMIT)


def _log(desk: Desk, seat: Seat, known: Known, new: Due, end: int | None) -> None:
    """Send what is due of the journals, params that are not there yet, and at the end what the run found."""
    missing = {key: value for key, value in params(seat.run.params).items() if key not in known.params}
    latest = {**known.metrics, **{point.key: point.value for point in new.points}}
    time = max(end or 0, new.cursor.time)
    found = [Point(legal_key(name), value, time, new.cursor.step) for name, value in seat.run.metrics.items()]
    desk.client.log(
        known.id, [*new.points, *(point for point in found if latest.get(point.key) != point.value)], missing
    )


def _attach(desk: Desk, run: ReplicaRun, known: Known, first: bool) -> None:
    files = {"config.yaml": run.run.path / "config.yaml"} if first else {}
    if run.status == FINISHED and run.row.get(PREDICTIONS) is not None:
        files[PREDICTIONS_FILE] = Path(run.row[PREDICTIONS])
    for name, path in files.items():
        with reading(run.run.key):
            path.stat()
        desk.client.attach(known.id, path, name)


def _tags(seat: Seat, parent: str, reach: str) -> dict[str, str]:
    run, row = seat.run, seat.run.row
    own = {KEY: seat.key, KIND: "run", RUN_ID: run.run.key, CELL: seat.cell.cell, ORDER: seat.order, ORPHANED: "no"}
    shown = {**run.tags, "stage": seat.cell.stage, "seed": str(run.seed), "state": str(row["state"])}
    shown["reason"] = str(row.get("reason") or "")
    source = {"mlflow.source.name": "harness", "mlflow.source.git.commit": str(run.tags.get("commit", ""))}
    labels = {f"axis.{axis}": label for axis, label in run.labels.items()}
    tags = {legal_key(key): legal_value(str(value)) for key, value in {**shown, **labels, **source}.items()}
    facts = to_tags(row, measured=run.status == FINISHED)
    return {**tags, **facts, **own, REACH: reach, PARENT: parent, NAME: _name(seat)}
