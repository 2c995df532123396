"""Stores that earlier versions wrote: every later version must read them, and give the runs the ids they had."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.cli.grids import table_of
from harness.data.packed import open_pack
from harness.files import sha256_of
from harness.grid.ledger import Ledger
from harness.grid.plan import Plan
from harness.grid.states import DONE, states
from harness.models.files import load_encoder
from harness.report.render.csv import render
from harness.tracking.store import Store

VERSIONS = sorted(path for path in (Path(__file__).parent / "fixtures").iterdir() if path.is_dir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a version wrote, entered, since its paths are relative."""
    folder = tmp_path / "kept"
    shutil.copytree(request.param, folder)
    monkeypatch.chdir(folder)
    return folder


def test_there_is_one_for_the_first_version() -> None:
    assert "0.1.0" in [path.name for path in VERSIONS]


def test_plan_runs_and_ledger_are_read(kept: Path) -> None:
    store = Store(Path("store"))
    plan = Plan.load(store.grid("tiny") / "plan.json")
    found = states(plan, store)
    assert len(found) == 10
    assert {state.name for state in found.values()} == {DONE}
    assert {entry["kind"] for entry in Ledger(store.grid("tiny")).entries()} == {"intent", "submitted", "ended"}
    for run in plan.of("pretrain"):
        steps = [entry.step for entry in store.run(run.key).history()]
        assert steps == list(range(1, len(steps) + 1))


def test_every_run_still_has_its_id(kept: Path) -> None:
    """A field added later must stay out of the hash at the value that means "as before"."""
    for run in Plan.load(Path("store/grids/tiny/plan.json")).runs:
        assert run.build().key() == run.key


def test_its_table_is_the_one_it_printed(kept: Path) -> None:
    plan = Plan.load(Path("store/grids/tiny/plan.json"))
    assert render(table_of(plan, Store(Path("store")))) == Path("table.csv").read_text()


def test_its_encoders_and_packed_data_are_whole(kept: Path) -> None:
    store = Store(Path("store"))
    for run in Plan.load(Path("store/grids/tiny/plan.json")).runs:
        result = store.run(run.key).result()
        assert result is not None
        for name, artifact in result.artifacts.items():
            path = store.run(run.key).path / artifact.path
            assert sha256_of(path) == artifact.sha256
            if name.startswith("encoder"):
                assert load_encoder(path)[1]["run"] == run.key
    (pack,) = [path.parent for path in Path("store/data").glob("*/index.json")]
    assert len(open_pack(pack, verify=True)) == 24
