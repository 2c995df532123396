"""The frame of a grid, read back from MLflow."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from harness.errors import StoreError
from harness.tracking.replica.client import Client, Known
from harness.tracking.replica.desk import KEY, KIND, ORDER, ORPHANED
from harness.tracking.replica.opening import reaching
from harness.tracking.replica.rowcode import PREDICTIONS, from_tags
from harness.tracking.replica.sync import GRID, WAITING_FILE


def rows(grid_name: str, uri: str, downloads: Path | None = None) -> list[dict[str, Any]]:
    """The rows that were handed to `sync`, in their order, by way of MLflow's public interface alone.

    Args:
        grid_name: The grid.
        uri: MLflow's store.
        downloads: Where predictions go that lie on another machine; a new temporary folder if None.
            `predictions` is the path of the artifact.

    Raises:
        StoreError: The store does not answer, or has no such grid.
    """
    with reaching(uri):
        client = Client(uri)
        experiment = client.experiment(grid_name)
        if experiment is None:
            raise StoreError(
                f"MLflow's store {uri!r} has no grid {grid_name!r}",
                legal=client.experiments() or "(none yet)",
                mend="sync it first: submit and status do",
            )
        folder = downloads or Path(tempfile.mkdtemp(prefix="harness-"))
        return _in_order(client, client.runs(experiment.id), folder)


def _in_order(client: Client, runs: list[Known], folder: Path) -> list[dict[str, Any]]:
    found = {
        run.tags[KEY]: (run.tags[ORDER], _row(client, run, folder))
        for run in runs
        if run.tags.get(KIND) == "run" and run.tags.get(ORPHANED) == "no"
    }
    for run in runs:
        if run.tags.get(KIND) == GRID:
            found |= _waiting(client, run, folder)
    return [row for _, row in sorted(found.values(), key=lambda item: item[0])]


def _row(client: Client, run: Known, folder: Path) -> dict[str, Any]:
    row = from_tags(run.tags, run.metrics)
    if row.get(PREDICTIONS) is not None:
        row[PREDICTIONS] = str(client.fetch(run, row[PREDICTIONS], folder))
    return row


def _waiting(client: Client, run: Known, folder: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Rows of runs that have not begun, which are kept in a file of the grid's own run."""
    listed = json.loads(client.fetch(run, WAITING_FILE, folder).read_text(encoding="utf-8"))
    return {item["key"]: (item["order"], item["row"]) for item in listed}
