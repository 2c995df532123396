"""Stores that are made while others look, stores in odd places, and what is imported when."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.tracking.replica.opening import default_artifacts, default_uri, initialise, open_client, sqlite_path
from harness.tracking.replica.rows import rows
from harness.tracking.replica.sync import sync
from support.replica_grids import as_cell, as_grid, as_run
from support.run_folders import MadeRun

PROCESSES = 8


def _open(folder: Path, barrier: Barrier) -> None:
    barrier.wait()
    client = open_client(default_uri(folder))
    for number in range(2):
        run = client.create_run(client.get_experiment_by_name("Default").experiment_id, run_name=str(number))
        client.log_metric(run.info.run_id, "train/loss", 0.5)


def test_eight_processes_open_a_store_that_does_not_exist(tmp_path: Path, blank: Path) -> None:
    """Forked, so that each need not import mlflow; `blank` has imported it."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(PROCESSES)
    children = [context.Process(target=_open, args=(tmp_path / "mlflow", barrier)) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * PROCESSES
    client = open_client(default_uri(tmp_path / "mlflow"))
    assert len(client.search_runs([client.get_experiment_by_name("Default").experiment_id])) == 2 * PROCESSES
    assert sorted(path.name for path in (tmp_path / "mlflow").iterdir() if ".db-" not in path.name) == [
        "mlflow.db",
        "mlflow.db.lock",
    ]


@pytest.mark.parametrize("name", ["a b", "50%", "100%25 %20", "#1", 'it\'s & "é"', "a?b=c", "a+b@c:d"])
def test_addresses_of_odd_folders(name: str, tmp_path: Path) -> None:
    from sqlalchemy import make_url

    path = tmp_path / name / "mlflow.db"
    assert sqlite_path(default_uri(tmp_path / name)) == path
    assert make_url(default_uri(tmp_path / name)).database == str(path)


@pytest.mark.parametrize(
    "uri", ["http://localhost:5000", "postgresql+psycopg://u@h/d", "sqlite://", "sqlite:///:memory:"]
)
def test_addresses_of_no_file(uri: str) -> None:
    assert sqlite_path(uri) is None


def test_a_store_in_a_folder_with_an_odd_name(tmp_path: Path, blank: Path) -> None:
    root = tmp_path / "it's 50% é #1 & 100%25"
    folder = root / "mlflow"
    folder.mkdir(parents=True)
    (folder / "mlflow.db").write_bytes((blank / "mlflow.db").read_bytes())
    made = MadeRun.at(root, "probe/ab0").begin().train(10, 20).finish({"test/auroc": 0.5}, b"predictions")
    grid = as_grid([as_cell("vicreg", [as_run(made.folder, 0)])])
    sync(grid, default_uri(folder), default_artifacts(folder), folder / "cursors.json")
    (row,) = rows("table1", default_uri(folder))
    assert Path(row["predictions"]).read_bytes() == b"predictions"
    assert Path(row["predictions"]).is_relative_to(folder / "artifacts")


def test_what_a_kill_left_behind_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations may be killed halfway: the file has its name only when it is whole."""
    folder = tmp_path / "mlflow"

    def killed(uri: str) -> None:
        path = sqlite_path(uri)
        assert path is not None
        path.write_bytes(b"half a database")
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.tracking.replica.opening._client", killed)
    with pytest.raises(KeyboardInterrupt):
        initialise(default_uri(folder))
    assert not (folder / "mlflow.db").exists()
    monkeypatch.setattr("harness.tracking.replica.opening._client", lambda uri: Path(uri[10:]).write_bytes(b""))
    initialise(default_uri(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match=r"mlflow.db' does not answer"):
        open_client(default_uri(tmp_path))


def test_importing_the_package_imports_no_mlflow() -> None:
    """And the modules that do the work import it only when they work."""
    code = "import sys, harness.tracking.replica; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = (
        "import sys, harness.tracking.replica.sync, harness.tracking.replica.rows, harness.tracking.replica.serve;"
        "sys.exit('mlflow' in sys.modules or 'sqlalchemy' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
