"""An empty MLflow store for each test, copied from one: making one takes seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.tracking.replica import ReplicaGrid, SyncReport
from harness.tracking.replica.opening import default_artifacts, default_uri, initialise, open_client
from harness.tracking.replica.rows import rows
from harness.tracking.replica.sync import sync


@dataclass(frozen=True)
class Replica:
    """A store and how to sync into it."""

    folder: Path

    @property
    def uri(self) -> str:
        """Its address."""
        return default_uri(self.folder)

    def cursors(self, grid: str) -> Path:
        """Where a grid's cursors are kept."""
        return self.folder / "cursors" / f"{grid}.json"

    def sync(self, grid: ReplicaGrid) -> SyncReport:
        """One pass."""
        return sync(grid, self.uri, default_artifacts(self.folder), self.cursors(grid.name))

    def rows(self, grid: str = "table1") -> list[dict[str, Any]]:
        """The frame's rows, predictions by their bytes."""
        return by_content(rows(grid, self.uri))

    def run(self, key: str, grid: str = "table1") -> Any:
        """The one MLflow run whose `harness.key` begins with `key`, or whose run id does."""
        client = open_client(self.uri)
        experiment = client.get_experiment_by_name(grid)
        found = client.search_runs([experiment.experiment_id])
        return next(run for run in found if key in run.data.tags["harness.key"])

    def steps(self, key: str, metric: str, grid: str = "table1") -> list[int]:
        """The steps of a metric, in order, with every repetition."""
        history = open_client(self.uri).get_metric_history(self.run(key, grid).info.run_id, metric)
        return sorted(row.step for row in history)


def by_content(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the bytes of the predictions in place of their path."""
    return [
        {**row, "predictions": Path(row["predictions"]).read_bytes() if row["predictions"] else None} for row in found
    ]


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disk: these folders need not outlive the machine."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, shared by the processes of one test run."""
    root = tmp_path_factory.getbasetemp()
    folder = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "blank-mlflow"
    initialise(default_uri(folder))
    return folder


@pytest.fixture
def new_replica(blank: Path, tmp_path: Path) -> Callable[[str], Replica]:
    """Makes empty stores by name."""

    def made(name: str) -> Replica:
        (tmp_path / name).mkdir()
        shutil.copyfile(blank / "mlflow.db", tmp_path / name / "mlflow.db")
        return Replica(tmp_path / name)

    return made


@pytest.fixture
def replica(new_replica: Callable[[str], Replica]) -> Replica:
    """An empty store."""
    return new_replica("mlflow")


WRITES = (
    "create_experiment",
    "set_experiment_tag",
    "restore_experiment",
    "create_run",
    "delete_run",
    "log_batch",
    "delete_tag",
    "set_terminated",
    "update_run",
    "log_artifact",
)
"""Every method of MLflow's client by which the replica writes."""


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the methods that wrote, in order."""
    from mlflow import MlflowClient

    seen: list[str] = []
    for name in WRITES:
        monkeypatch.setattr(MlflowClient, name, _recorded(getattr(MlflowClient, name), seen))
    return seen


def _recorded(method: Callable[..., Any], seen: list[str]) -> Callable[..., Any]:
    def recorded(*values: Any, **named: Any) -> Any:
        seen.append(method.__name__)
        return method(*values, **named)

    return recorded
