"""What a pass leaves in MLflow, and what is read back from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import StoreError
from harness.tracking.replica.opening import open_client
from harness.tracking.replica.rows import rows
from harness.tracking.replica.sync import sync
from support.replica_grids import as_cell, as_grid, as_run, snapshot
from support.run_folders import MadeRun

if TYPE_CHECKING:
    from conftest import Replica


def done(store: Path, seed: int, stage: str = "probe", auroc: float = 0.8) -> MadeRun:
    made = MadeRun.at(store, f"{stage}/ab{seed}", now=1_700_000_000.0 + 100 * seed)
    made.begin().train(10, 40).checkpoint(40)
    return made.finish({"test/auroc": auroc + seed / 100}, f"predictions {seed}".encode())


def grid_of(*runs: MadeRun, **states: str) -> Any:
    members = [as_run(made.folder, seed, states.get(f"seed{seed}")) for seed, made in enumerate(runs)]
    return as_grid([as_cell("vicreg · asymmetric", members)])


def expected(grid: Any) -> list[dict[str, Any]]:
    found = [dict(run.row) for cell in grid.cells for run in cell.runs]
    return [
        {**row, "predictions": Path(row["predictions"]).read_bytes() if row["predictions"] else None} for row in found
    ]


def test_a_finished_cell(replica: Replica, tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    table.write_text("| vicreg | .81 |")
    grid = replace(grid_of(*(done(tmp_path, seed) for seed in range(3))), tables={"table1.md": table})
    report = replica.sync(grid)
    assert (report.created, report.damaged) == (5, ())
    assert replica.rows() == expected(grid)
    run, cell, whole = (replica.run(key) for key in ("probe/ab1", "cell/", "grid"))
    assert run.info.run_name == "vicreg · asymmetric · seed 1"
    assert (run.info.status, run.info.start_time, run.info.end_time) == ("FINISHED", 1700000100000, 1700000107000)
    assert run.data.tags["mlflow.parentRunId"] == cell.info.run_id
    assert run.data.params == {"objective.name": "vicreg", "training.epochs": "25"}
    assert run.data.tags.items() >= {"axis.pair": "asymmetric", "harness.run_id": "probe/ab1", "state": "done"}.items()
    assert (cell.info.status, cell.info.start_time, cell.info.end_time) == ("FINISHED", 1700000000000, 1700000207000)
    assert cell.data.tags["seeds"] == "3 of 3 done"
    assert whole.info.status == "FINISHED"
    files = snapshot(replica.uri, "table1")["grid"]["artifacts"]
    assert sorted(files) == ["grid.yaml", "tables/table1.md", "waiting.json"]
    assert sorted(snapshot(replica.uri, "table1")[run.data.tags["harness.key"]]["artifacts"]) == [
        "config.yaml",
        "predictions.parquet",
    ]


def test_the_experiment_has_the_grids_description(replica: Replica, tmp_path: Path) -> None:
    grid = grid_of(done(tmp_path, 0))
    for text in ("# Table 1", "# Table 1, with more seeds"):
        replica.sync(replace(grid, description=text))
        assert open_client(replica.uri).get_experiment_by_name("table1").tags["mlflow.note.content"] == text


def test_the_cell_has_the_mean_and_interval_of_its_first_seeds_at_their_number(
    replica: Replica, tmp_path: Path
) -> None:
    replica.sync(grid_of(*(done(tmp_path, seed) for seed in range(3))))
    history = snapshot(replica.uri, "table1")[replica.run("cell/").data.tags["harness.key"]]["history"]
    assert [(step, time) for step, time, _ in history["test/auroc/mean"]] == [
        (1, 1700000007000),
        (2, 1700000107000),
        (3, 1700000207000),
    ]
    assert [step for step, _, _ in history["test/auroc/low"]] == [2, 3]
    assert float(history["test/auroc/mean"][-1][2]) == pytest.approx(0.81)


def test_a_metric_that_the_journal_ends_with_is_not_sent_again(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().metrics(10, {"test/auroc": 0.7}).metrics(20, {"test/auroc": 0.8})
    replica.sync(grid_of(made.finish({"test/auroc": 0.8})))
    assert replica.steps("probe/ab0", "test/auroc") == [10, 20]


def test_a_result_that_differs_from_the_journal_is_the_latest_value(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().metrics(20, {"test/auroc": 0.9})
    grid = grid_of(made.finish({"test/auroc": 0.8}))
    replica.sync(grid)
    assert replica.rows() == expected(grid)


def test_more_values_than_a_batch_takes(replica: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    log_batch, sizes = MlflowClient.log_batch, []

    def measured(client: Any, run: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
        sizes.append((len(metrics), len(params), len(tags)))
        log_batch(client, run, metrics, params, tags)

    monkeypatch.setattr(MlflowClient, "log_batch", measured)
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(1, 1_200, every=1).finish({"test/auroc": 0.8})
    many = {f"p{at}": "1" for at in range(230)}
    run = replace(as_run(made.folder, 0), params=many, tags=many)
    assert replica.sync(as_grid([as_cell("vicreg", [run])])).rows == 2 * 1_200 + 1 + 1
    assert replica.steps("run/", "train/loss") == list(range(1, 1_201))
    assert [max(kind) for kind in zip(*sizes, strict=True)] == [900, 100, 100]
    assert max(map(sum, sizes)) == 1_000


def test_a_second_pass_writes_nothing(replica: Replica, tmp_path: Path, writes: list[str]) -> None:
    grid = grid_of(done(tmp_path, 0), done(tmp_path, 1))
    replica.sync(grid)
    assert len(writes) > 10
    writes.clear()
    report = replica.sync(grid)
    assert (report.rows, report.created, writes) == (0, 0, [])


def test_a_living_run_then_its_end(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 50).checkpoint(30)
    grid = grid_of(made)
    replica.sync(grid)
    assert replica.run("run/").info.status == replica.run("cell/").info.status == "RUNNING"
    assert replica.run("run/").info.end_time is None
    assert replica.steps("run/", "train/loss") == [10, 20, 30]
    assert replica.rows() == expected(grid)
    made.train(60, 60).finish({"test/auroc": 0.8})
    grid = grid_of(made)
    replica.sync(grid)
    assert replica.run("run/").info.status == replica.run("cell/").info.status == "FINISHED"
    assert replica.steps("run/", "train/loss") == [10, 20, 30, 40, 50, 60]
    assert replica.rows() == expected(grid)


def test_an_interrupted_run_keeps_to_its_checkpoint(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 50).checkpoint(30)
    replica.sync(grid_of(made, seed0="interrupted"))
    run = replica.run("run/")
    assert (run.info.status, run.info.end_time) == ("KILLED", round(made.now * 1000))
    assert run.data.tags["reason"] == "interrupted: because"
    assert replica.steps("run/", "train/loss") == [10, 20, 30]


def test_a_failed_run_shows_its_end_and_after_a_retry_each_step_once(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 50).checkpoint(30).fail(MemoryError("no room"))
    replica.sync(grid_of(made))
    failed = replica.run("run/")
    assert failed.info.status == replica.run("cell/").info.status == "FAILED"
    assert replica.steps("run/", "train/loss") == [10, 20, 30, 40, 50]
    made.begin(30).train(40, 60).finish({"test/auroc": 0.8})
    replica.sync(grid_of(made))
    assert replica.run("run/").info.run_id != failed.info.run_id
    assert replica.steps("run/", "train/loss") == [10, 20, 30, 40, 50, 60]
    assert replica.rows() == expected(grid_of(made))


def test_what_has_not_begun_is_in_the_rows_and_has_no_run(replica: Replica, tmp_path: Path) -> None:
    waiting = MadeRun.at(tmp_path, "probe/ab1")
    grid = as_grid(
        [
            as_cell("vicreg", [as_run(done(tmp_path, 0).folder, 0), as_run(waiting.folder, 1)]),
            as_cell("ntxent", [as_run(MadeRun.at(tmp_path, "probe/cd0").folder, 0, "blocked")], objective="ntxent"),
        ]
    )
    replica.sync(grid)
    assert replica.rows() == expected(grid)
    assert len(snapshot(replica.uri, "table1")) == 1 + 3
    assert replica.run("cell/").info.status == replica.run("grid").info.status == "RUNNING"
    assert replica.run("cell/").data.tags["seeds"] == "1 of 2 done"


def test_a_run_of_two_cells_is_below_both(replica: Replica, tmp_path: Path) -> None:
    made = done(tmp_path, 0)
    cells = [as_cell(size, [as_run(made.folder, 0, fraction=size)], fraction=size) for size in ("0.1", "1.0")]
    replica.sync(as_grid(cells))
    assert replica.rows() == expected(as_grid(cells))
    runs = [item for key, item in snapshot(replica.uri, "table1").items() if key.startswith("run/")]
    assert [run["tags"]["harness.run_id"] for run in runs] == ["probe/ab0", "probe/ab0"]
    assert sorted(run["tags"]["axis.fraction"] for run in runs) == ["0.1", "1.0"]
    assert len({run["tags"]["mlflow.parentRunId"] for run in runs}) == 2


def test_a_run_of_two_grids_is_in_both(replica: Replica, tmp_path: Path) -> None:
    cells = [as_cell("vicreg", [as_run(done(tmp_path, 0).folder, 0)])]
    for name in ("one", "two"):
        replica.sync(as_grid(cells, name))
    assert replica.rows("one") == replica.rows("two") == expected(as_grid(cells))


def test_a_run_that_was_removed_and_done_again_is_replicated_anew(replica: Replica, tmp_path: Path) -> None:
    made = done(tmp_path, 0)
    replica.sync(grid_of(made))
    made.folder.path.rename(tmp_path / "away")
    again = MadeRun.at(tmp_path, "probe/ab0", now=1_800_000_000.0)
    replica.sync(grid_of(again))
    assert "run" not in {key.split("/")[0] for key in snapshot(replica.uri, "table1")}
    again.begin().train(10, 20).finish({"test/auroc": 0.1})
    replica.sync(grid_of(again))
    assert replica.steps("run/", "train/loss") == [10, 20]
    assert replica.rows() == expected(grid_of(again))


def test_a_cell_that_leaves_the_grid_leaves_the_rows_and_may_come_back(replica: Replica, tmp_path: Path) -> None:
    kept, left = (as_cell(str(seed), [as_run(done(tmp_path, seed).folder, seed)], size=str(seed)) for seed in (0, 1))
    replica.sync(as_grid([kept, left]))
    before = snapshot(replica.uri, "table1")
    replica.sync(as_grid([kept]))
    assert replica.rows() == expected(as_grid([kept]))
    assert replica.run("probe/ab1").data.tags["harness.orphaned"] == "yes"
    replica.sync(as_grid([kept, left]))
    assert snapshot(replica.uri, "table1") == before


def test_without_its_cursors_a_pass_ends_in_the_same_store(replica: Replica, tmp_path: Path) -> None:
    grid = grid_of(done(tmp_path, 0), MadeRun.at(tmp_path, "probe/ab1").begin().train(10, 50).checkpoint(30))
    replica.sync(grid)
    before = snapshot(replica.uri, "table1")
    replica.cursors("table1").write_text("{ torn")
    replica.sync(grid)
    assert snapshot(replica.uri, "table1") == before
    replica.cursors("table1").unlink()
    replica.sync(grid)
    assert snapshot(replica.uri, "table1") == before


def test_cursors_of_another_store_are_not_believed(
    replica: Replica, new_replica: Callable[[str], Replica], tmp_path: Path
) -> None:
    grid = grid_of(done(tmp_path, 0))
    replica.sync(grid)
    other = new_replica("other")
    sync(grid, other.uri, other.folder / "artifacts", replica.cursors("table1"))
    assert snapshot(other.uri, "table1") == snapshot(replica.uri, "table1")


def test_a_run_deleted_in_the_ui_comes_back_when_it_moves_on(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 50).checkpoint(50)
    replica.sync(grid_of(made))
    client = open_client(replica.uri)
    for key in ("run/", "cell/"):
        client.delete_run(replica.run(key).info.run_id)
    replica.sync(grid_of(made))
    assert replica.steps("run/", "train/loss") == [10, 20, 30, 40, 50]


def test_a_deleted_experiment_is_restored(replica: Replica, tmp_path: Path) -> None:
    grid = grid_of(done(tmp_path, 0))
    replica.sync(grid)
    client = open_client(replica.uri)
    client.delete_experiment(client.get_experiment_by_name("table1").experiment_id)
    with pytest.raises(StoreError, match="has no grid 'table1'"):
        replica.rows()
    replica.cursors("table1").unlink()
    replica.sync(grid)
    assert replica.rows() == expected(grid)


def test_what_is_damaged_is_reported_and_the_others_are_synced(replica: Replica, tmp_path: Path) -> None:
    torn, lost, whole = (done(tmp_path, seed) for seed in range(3))
    lines = torn.journal_path.read_bytes().splitlines(keepends=True)
    torn.journal_path.write_bytes(b"".join([*lines[:2], lines[2][:20] + b"\n", *lines[3:]]))
    grid = grid_of(torn, lost, whole)
    (lost.journal_path.parent / "predictions.parquet").unlink()
    report = replica.sync(grid)
    assert len(report.damaged) == 2
    assert "probe/ab0: 1 lines of its journals cannot be read" in report.damaged
    assert any(text.startswith("probe/ab1: [Errno 2]") for text in report.damaged)
    assert replica.run("probe/ab2").info.status == "FINISHED"
    assert replica.steps("probe/ab0", "train/loss") == [10, 30, 40]
    assert replica.sync(grid).damaged == report.damaged


def test_params_are_what_they_were_at_first(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 20).checkpoint(20)
    run = as_run(made.folder, 0)
    for root in ("/one", "/two"):
        moved = replace(run, params={**run.params, "data.root": root}, row={**run.row, "reason": root})
        replica.sync(as_grid([as_cell("vicreg", [moved])]))
    assert replica.run("run/").data.params["data.root"] == "/one"
    assert replica.run("run/").data.tags["reason"] == "/two"


def test_what_a_row_no_longer_has_goes(replica: Replica, tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "probe/ab0").begin().train(10, 20).fail(ValueError("no"))
    run = as_run(made.folder, 0)
    long = replace(run, row={**run.row, "reason": "r" * 20_000, "extra": 1}, labels={**run.labels, "size": "1"})
    for one in (long, run):
        replica.sync(as_grid([as_cell("vicreg", [one])]))
        tags = replica.run("run/").data.tags
        assert ({"fact.reason.2", "fact.reason.3", "fact.extra", "axis.size"} <= set(tags)) is (one is long)
        assert replica.rows()[0] == one.row
    assert not {"fact.reason.2", "fact.reason.3", "fact.extra", "axis.size"} & set(tags)


def test_names_and_values_that_mlflow_refuses(replica: Replica, tmp_path: Path) -> None:
    odd = {"test/acc@1": 0.5, "../up": 0.25, "test//x": 0.125, "é/" + "x" * 300: 1.0, "test/line\n": 2.0, "a/nan": 3.0}
    made = MadeRun.at(tmp_path, "probe/ab0").begin()
    made.metrics(10, {"train/loss@1": 0.5, "train/bad": float("nan")}).finish(odd)
    run = as_run(made.folder, 0, **{"axis @": "50 % <b>", "empty": "", "half": "\udc80"})
    row = {
        **run.row,
        "reason": "r" * 20_000,
        "nul": "a\0b",
        "half": "\udc80",
        "none": "null",
        "list": [1, "2"],
        "n/i": 3,
    }
    params = {"a@b": "x" * 7_000, "k" * 300: "y", "half": "\udc80\0", **{f"p{at}": "1" for at in range(230)}}
    tags = {"a@b": "x" * 9_000, **{f"t{at}": "1" for at in range(230)}}
    grid = as_grid([as_cell("n" * 400, [replace(run, params=params, tags=tags, row=row)])], "grid / é @ %")
    replica.sync(replace(grid, description="d" * 30_000))
    assert replica.rows("grid / é @ %") == expected(grid)
    found = replica.run("run/", "grid / é @ %").data
    assert len(found.params) == 233
    assert next(value for key, value in found.params.items() if key.startswith("a_b-")).endswith("(7000 characters)")
    assert {key.rpartition("-")[0] for key in found.metrics} >= {"test/acc_1", "_../up", "test/_/x", "train/loss_1"}


def test_a_store_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(StoreError) as caught:
        sync(grid_of(done(tmp_path, 0)), "http://127.0.0.1:9", None, tmp_path / "cursors.json")
    assert "MLflow's store 'http://127.0.0.1:9' does not answer" in str(caught.value)
    assert "the next sync catches up" in str(caught.value)


def test_a_grid_that_is_not_there_is_named(replica: Replica, tmp_path: Path) -> None:
    replica.sync(grid_of(done(tmp_path, 0)))
    with pytest.raises(StoreError) as caught:
        rows("table2", replica.uri)
    assert "has no grid 'table2'" in str(caught.value)
    assert "legal: table1" in str(caught.value)


def test_the_rows_survive_json(replica: Replica, tmp_path: Path) -> None:
    """Rows are plain values; nothing of numpy or MLflow comes back."""
    grid = grid_of(done(tmp_path, 0))
    replica.sync(grid)
    found = rows("table1", replica.uri)
    assert json.loads(json.dumps(found)) == found
    assert [list(row) for row in found] == [list(run.row) for run in grid.cells[0].runs]
