"""Grids for the replica made of made run folders, and everything that MLflow has of one, for comparison."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from harness.tracking.replica import ReplicaCell, ReplicaGrid, ReplicaRun
from harness.tracking.run_folder import RunFolder

LABELS = {"objective": "vicreg", "pair": "asymmetric"}


def as_run(folder: RunFolder, seed: int, state: str | None = None, **labels: str) -> ReplicaRun:
    """A run with the row that the report makes for it; its state is read from the folder where it is not given."""
    row = row_of(folder, seed, state or state_of(folder), {**LABELS, **labels})
    params = {"objective.name": "vicreg", "training.epochs": "25"}
    return ReplicaRun(folder, seed, {**LABELS, **labels}, params, {"commit": "c0ffee", "encoder": "resnet18"}, row)


def state_of(folder: RunFolder) -> str:
    """done, failed, running or missing, by what the folder has."""
    if folder.result() is not None:
        return "done"
    attempts = folder.attempts()
    if not attempts:
        return "missing"
    return "failed" if attempts[-1].failure() else "running"


def row_of(folder: RunFolder, seed: int, state: str, labels: dict[str, str]) -> dict[str, Any]:
    """A row of the frame, as report/collect.py has it."""
    result = folder.result() if state == "done" else None
    predictions = result.artifacts.get("predictions") if result else None
    return {
        "run": folder.key,
        "stage": folder.path.parent.name,
        "cell": "12e45678",
        "seed": seed,
        "state": state,
        "reason": "" if result else f"{state}: because",
        "hours": 0.1 + seed / 3,
        **(result.metrics if result else {}),
        "target_in_pair": True if result else None,
        "trained": None,
        "evaluation_set": "007" if result else None,
        "at_majority": False if result else None,
        "synthetic": True if result else None,
        "commit": "c0ffee" if result else "",
        "revisions": "linear 2, vicreg 1",
        "data": "",
        "predictions": str(folder.path / predictions.path) if predictions else None,
        **{f"axis.{name}": label for name, label in labels.items()},
        "axis.floor": None,
    }


def as_cell(name: str, runs: Sequence[ReplicaRun], **labels: str) -> ReplicaCell:
    """A cell of runs of one stage."""
    return ReplicaCell("12e45678", runs[0].run.path.parent.name, name, {**LABELS, **labels}, runs)


def as_grid(cells: Sequence[ReplicaCell], name: str = "table1", tables: dict[str, Path] | None = None) -> ReplicaGrid:
    """A grid with a file and a description."""
    return ReplicaGrid(name, "# Table 1", "grid: table1\n", tables or {}, cells, 1_699_999_000.0)


def snapshot(uri: str, grid: str) -> dict[str, Any]:
    """All that MLflow shows of a grid by the keys of its runs: ids and folders of its own are left out."""
    from harness.tracking.replica.opening import open_client

    client = open_client(uri)
    experiment = client.get_experiment_by_name(grid)
    if experiment is None:
        return {}
    runs = client.search_runs([experiment.experiment_id])
    keys = {run.info.run_id: run.data.tags["harness.key"] for run in runs}
    assert len(set(keys.values())) == len(keys), "a run was made twice"
    return {
        "note": experiment.tags.get("mlflow.note.content"),
        **{keys[run.info.run_id]: _of_run(client, run, keys) for run in runs},
    }


def _of_run(client: Any, run: Any, keys: dict[str, str]) -> dict[str, Any]:
    tags = dict(run.data.tags)
    if "mlflow.parentRunId" in tags:
        tags["mlflow.parentRunId"] = keys[tags["mlflow.parentRunId"]]
    return {
        "info": (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time),
        "params": dict(run.data.params),
        "tags": tags,
        "latest": _comparable(run.data.metrics),
        "history": {key: _history(client, run.info.run_id, key) for key in sorted(run.data.metrics)},
        "artifacts": _files(Path(url2pathname(urlparse(run.info.artifact_uri).path))),
    }


def _history(client: Any, run_id: str, key: str) -> list[tuple[int, int, str]]:
    rows = client.get_metric_history(run_id, key)
    return sorted((row.step, row.timestamp, repr(row.value)) for row in rows)


def _comparable(metrics: dict[str, float]) -> dict[str, str]:
    return {key: repr(value) for key, value in sorted(metrics.items())}


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
