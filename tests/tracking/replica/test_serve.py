"""MLflow's UI on a store: started, asked over loopback, synced into through its REST interface, and ended."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import StoreError
from harness.tracking.replica.opening import default_artifacts
from harness.tracking.replica.rows import rows
from harness.tracking.replica.serve import serving
from harness.tracking.replica.sync import sync
from support.replica_grids import as_cell, as_grid, as_run
from support.run_folders import MadeRun

if TYPE_CHECKING:
    from conftest import Replica


def ask(url: str, query: dict[str, Any] | None = None) -> bytes:
    data = json.dumps(query).encode() if query is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def test_the_ui_shows_a_grid_and_takes_another_one(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 30).checkpoint(30)
    waiting = MadeRun.at(tmp_path, "probe/ab1")
    made.finish({"test/auroc": 1 / 3}, b"predictions")
    cells = [as_cell("vicreg", [as_run(made.folder, 0), as_run(waiting.folder, 1)])]
    replica.sync(as_grid(cells))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving(replica.uri, default_artifacts(replica.folder), port=port) as served:
            assert served.url.startswith("http://127.0.0.1:")
            assert not served.url.endswith(f":{port}")
            assert served.links["table1"].endswith("/runs?workflowType=machine_learning")
            number = served.links["table1"].split("/")[-2]
            found = json.loads(ask(f"{served.url}/api/2.0/mlflow/runs/search", {"experiment_ids": [number]}))["runs"]
            run = next(run for run in found if run["info"]["run_name"] == "vicreg · seed 0")
            assert ("test/auroc", 1 / 3) in [(metric["key"], metric["value"]) for metric in run["data"]["metrics"]]
            artifact = f"{served.url}/get-artifact?path=predictions.parquet&run_uuid={run['info']['run_id']}"
            assert ask(artifact) == b"predictions"
            sync(as_grid(cells, "other"), served.url, None, tmp_path / "cursors.json")
            downloaded = rows("other", served.url, tmp_path / "downloads")
            process = served.process
    assert process is not None
    assert process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert Path(downloaded[0]["predictions"]).read_bytes() == b"predictions"
    here = {"predictions": cells[0].runs[0].row["predictions"]}
    assert [{**downloaded[0], **here}, downloaded[1]] == [dict(run.row) for run in cells[0].runs]


def test_a_server_that_cannot_start_says_why(tmp_path: Path, replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "harness.tracking.replica.serve._command", lambda *_: ["sh", "-c", "echo no such thing; exit 3"]
    )
    with (
        pytest.raises(StoreError, match=r"does not come up at http://127.0.0.1:.*: no such thing"),
        serving(replica.uri, None),
    ):
        pass
    with (
        pytest.raises(StoreError, match=r"no port can be opened on '203.0.113.1'"),
        serving(replica.uri, None, host="203.0.113.1"),
    ):
        pass
