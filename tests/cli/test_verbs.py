"""The command line as a user meets it: every verb on a grid that really ran."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import main
from support.grids import plan_of, write_grid

ONE_SEED = {"axes": {"seed": [0, 1]}}

Harness = Callable[..., str]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny grid that was submitted."""
    folder = tmp_path_factory.mktemp("ran")
    grid = write_grid(folder, ONE_SEED)
    with pytest.raises(SystemExit) as left:
        main(["submit", str(grid), "--store", str(folder / "store"), "--launcher", "inline", "--no-sync"])
    assert not left.value.code
    return folder


@pytest.fixture
def harness(ran: Path, capsys: pytest.CaptureFixture[str]) -> Harness:
    """Run a verb on the store; returns what it printed."""

    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as left:
            main([*words, "--store", str(ran / "store")])
        printed = capsys.readouterr()
        assert (left.value.code or 0) == code, printed.err
        return printed.out + printed.err

    return run


def test_plan_says_what_is_there(ran: Path, harness: Harness) -> None:
    text = harness("plan", str(ran / "tiny.yaml"))
    assert "tiny: 4 pretrain, 6 probe; 10 done" in text
    assert "nothing to run" in text


def test_plan_prices_what_is_new_by_what_ran(ran: Path, harness: Harness) -> None:
    text = harness("plan", str(ran / "tiny.yaml"), "axes.seed=[0, 1, 2]")
    assert "14 done" not in text
    assert re.search(r"to run: 4 runs, .* min one after the other \(4 priced by finished runs like them\)", text)


def test_plan_lists_every_run_with_its_id(ran: Path, harness: Harness) -> None:
    text = harness("plan", str(ran / "tiny.yaml"), "--runs")
    for run in plan_of(ran / "tiny.yaml", ran / "store").runs:
        assert run.key in text


def test_status_by_file_and_by_name(ran: Path, harness: Harness) -> None:
    assert "tiny: 10 done" in harness("status", str(ran / "tiny.yaml"))
    assert "tiny: 10 done" in harness("status", "tiny")


@pytest.mark.parametrize("form", ["terminal", "markdown", "csv", "latex", "html"])
def test_table_in_every_format(ran: Path, harness: Harness, form: str) -> None:
    text = harness("table", str(ran / "tiny.yaml"), "--format", form)
    assert "asymmetric" in text
    assert "majority" in text


def test_table_to_a_file(ran: Path, harness: Harness, tmp_path: Path) -> None:
    assert harness("table", "tiny", "--format", "csv", "--output", str(tmp_path / "t.csv")) == ""
    assert (tmp_path / "t.csv").read_text().startswith("kind,")


def test_the_table_follows_the_file_as_it_stands(ran: Path, harness: Harness) -> None:
    assert "another heading" in harness("table", str(ran / "tiny.yaml"), "table.title=another heading")


def test_why_tells_a_finished_run(ran: Path, harness: Harness) -> None:
    probe = next(run for run in plan_of(ran / "tiny.yaml", ran / "store").of("probe") if run.inputs)
    text = harness("why", probe.key)
    assert f"{probe.key} of grid tiny: done" in text
    assert f"reads {probe.inputs[0]}: done" in text
    assert "nearest finished run" in text


def test_logs_of_a_run_by_the_beginning_of_its_id(ran: Path, harness: Harness) -> None:
    run = plan_of(ran / "tiny.yaml", ran / "store").runs[0]
    assert f"{run.key}, attempt 1, rank 0" in harness("logs", run.key[:-4])


def test_an_id_that_fits_nothing_says_what_there_is(harness: Harness) -> None:
    text = harness("logs", "zzz", code=2)
    assert "no run" in text
    assert "pretrain/" in text


def test_report_is_one_page_that_needs_nothing_else(ran: Path, harness: Harness) -> None:
    path = Path(harness("report", "tiny").strip().replace("\n", ""))
    text = path.read_text()
    assert text.lower().startswith("<!doctype html>")
    assert "data:image/png;base64" in text
    assert not re.search(r"""(?:src|href)=["']?https?:""", text)
    assert "ynthetic" in text


def test_a_grid_that_was_never_submitted(harness: Harness) -> None:
    text = harness("status", "nothing", code=2)
    assert "no grid 'nothing' was submitted" in text
    assert "legal: tiny" in text


def test_an_unknown_verb_suggests_one(harness: Harness) -> None:
    assert "No such command 'tabel'" in harness("tabel", code=2)


def test_an_unknown_launcher_names_the_known_ones(ran: Path, harness: Harness) -> None:
    text = harness("submit", str(ran / "tiny.yaml"), "--launcher", "slrum", code=2)
    assert "unknown launcher 'slrum'" in text
    assert "inline, local" in text


def test_submit_without_the_data_makes_nothing(ran: Path, harness: Harness, tmp_path: Path) -> None:
    text = harness("submit", str(ran / "tiny.yaml"), "data.root=/nowhere", "grid=other", code=2)
    assert "'/nowhere'" in text
    assert "set data.root=PATH" in text
    assert not (ran / "store" / "grids" / "other").exists()
