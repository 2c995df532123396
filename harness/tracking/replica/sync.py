"""One pass of the syncer over one grid: after it MLflow has what the run folders have.

An experiment for the grid; in it one run for the grid itself (its file and tables), one
for each cell that has begun, and below that one for each run. A pass may be killed
anywhere and repeated: the store is the same in the end, value by value.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness.files import locked, sha256_of
from harness.tracking.replica.cells import outcome, sync_cell
from harness.tracking.replica.client import NAME, NOTE, Client
from harness.tracking.replica.cursors import Cursors, Record
from harness.tracking.replica.desk import KEY, KIND, ORDER, ORPHANED, OWNED, Desk, digest_of
from harness.tracking.replica.names import NAME_LIMIT, legal_key, legal_value
from harness.tracking.replica.opening import default_artifacts, reaching, sqlite_path
from harness.tracking.replica.replay import milliseconds
from harness.tracking.replica.seeds import Seat
from harness.tracking.replica.spec import ReplicaGrid, SyncReport

GRID, WAITING_FILE, CONFIG_FILE, TABLES = "grid", "waiting.json", "grid.yaml", "tables"

Outcomes = Sequence[tuple[Seat, Record | None]]


def sync(grid: ReplicaGrid, uri: str, artifacts: Path | None, cursors: Path) -> SyncReport:
    """Bring a grid's replica up to date.

    Args:
        grid: The grid as it stands.
        uri: MLflow's store: a SQLite file, PostgreSQL, or a tracking server.
        artifacts: Where files go, for a store on this machine; None leaves it to the server, and
            puts them beside a SQLite file.
        cursors: The JSON file that remembers how far this grid has come; one syncer at a time holds its lock.

    Raises:
        StoreError: The store does not answer; the next pass catches up.
    """
    begun = time.monotonic()
    with locked(cursors.with_name(f"{cursors.name}.lock")), reaching(uri):
        client = Client(uri)
        damaged = _pass(client, grid, artifacts or _beside(uri), cursors)
    return SyncReport(client.rows, client.created, time.monotonic() - begun, tuple(dict.fromkeys(damaged)))


def _beside(uri: str) -> Path | None:
    path = sqlite_path(uri)
    return default_artifacts(path.parent) if path else None


def _pass(client: Client, grid: ReplicaGrid, artifacts: Path | None, cursors: Path) -> list[str]:
    experiment, fresh = client.open_experiment(grid.name, artifacts)
    desk = Desk(client, experiment, Cursors(cursors, experiment.token), fresh)
    try:
        client.describe(experiment, grid.description)
        outcomes = [item for number, cell in enumerate(grid.cells) for item in sync_cell(desk, cell, number)]
        _sync_grid_run(desk, grid, outcomes)
        _mark_orphans(desk)
    finally:
        desk.cursors.save()
    return desk.damaged


def _sync_grid_run(desk: Desk, grid: ReplicaGrid, outcomes: Outcomes) -> None:
    """The grid's own run: its file, its tables, and the rows of runs that have no replica."""
    waiting = [
        {"key": seat.key, "order": seat.order, "row": dict(seat.run.row)} for seat, record in outcomes if record is None
    ]
    status, end = outcome([record for _, record in outcomes])
    hashes = {name: sha256_of(path) for name, path in grid.tables.items()}
    digest = digest_of(grid.description, grid.config_text, hashes, waiting, status, end)
    old = desk.cursors.get(GRID)
    if old and old.digest == digest:
        return
    name, found_by = f"{grid.name} (grid)", {KEY: GRID, KIND: GRID}
    submitted = milliseconds(time.time() if grid.submitted is None else grid.submitted)
    known = desk.find(GRID) or desk.client.create(desk.experiment.id, name, submitted, found_by)
    texts = {CONFIG_FILE: grid.config_text, WAITING_FILE: json.dumps(waiting, indent=1)}
    _attach_texts(desk, known.id, texts)
    for file, path in grid.tables.items():
        desk.client.attach(known.id, path, f"{TABLES}/{legal_key(file)}")
    own = {NAME: legal_value(name, NAME_LIMIT), NOTE: legal_value(grid.description), ORDER: "", ORPHANED: "no"}
    desk.client.tag(known, {**found_by, **own}, OWNED)
    desk.client.settle(known, status, end)
    desk.cursors.put(GRID, Record(known.id, digest, status, end))


def _attach_texts(desk: Desk, run_id: str, texts: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in texts.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
            desk.client.attach(run_id, Path(scratch) / name, name)


def _mark_orphans(desk: Desk) -> None:
    """What the grid no longer names stays to be looked at, is marked, and is in no table."""
    for key, record in desk.cursors.unvisited().items():
        known = desk.client.run(record.id)
        if known:
            desk.client.tag(known, {ORPHANED: "yes"})
        desk.cursors.drop(key)
