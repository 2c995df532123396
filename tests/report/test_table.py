"""The table as a whole: one model from one frame, whatever the frame's order, and light to import."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from harness.errors import DataError
from harness.report.model import Table
from harness.report.table import make_table
from support.frames import frame_of, hemit_spec, row, small_frame, small_spec

HEAVY = ("torch", "mlflow", "sklearn", "matplotlib", "timm", "scipy.stats")


def test_the_grids_title_is_taken_where_the_table_has_none() -> None:
    assert make_table(small_frame(), small_spec(title=""), "The grid's").title == "The grid's"
    assert make_table(small_frame(), small_spec(title="Its own"), "The grid's").title == "Its own"


def test_the_values_do_not_depend_on_the_order_of_rows(real: pd.DataFrame, real_table: Table) -> None:
    turned = make_table(real.iloc[::-1].reset_index(drop=True), hemit_spec(stage="probe"))
    values = {tuple(sorted(cell.axes.items())): cell.estimates for cell in turned.cells()}
    assert {tuple(sorted(cell.axes.items())): cell.estimates for cell in real_table.cells()} == values


def test_the_same_frame_gives_the_same_table(real: pd.DataFrame, real_table: Table) -> None:
    again = make_table(real, hemit_spec())
    assert list(again.cells()) == list(real_table.cells())
    assert again.comparisons == real_table.comparisons


def test_nothing_is_lost_between_frame_and_table() -> None:
    frame = small_frame()
    table = make_table(frame, small_spec())
    shown = {run.name for cell in (*table.cells(), *table.floors()) for run in cell.runs}
    assert shown == set(frame[frame["stage"] == "probe"]["run"])


def test_a_grid_with_nothing_done_is_a_table_of_reasons() -> None:
    rows = [row("probe", {"pair": pair}, seed) for pair in ("a", "b") for seed in range(2)]
    table = make_table(frame_of(rows), small_spec(rows=("pair",), columns=(), effects=()))
    assert [cell.reason for cell in table.cells()] == ["missing", "missing"]


def test_a_frame_without_runs_is_refused() -> None:
    with pytest.raises(DataError, match="no run of the stage"):
        make_table(small_frame().iloc[:0], small_spec())


def test_making_and_printing_a_table_imports_nothing_heavy() -> None:
    """`harness table` must answer at once: no torch, no mlflow, and what figures or tests need stays out too."""
    code = (
        "import sys; from harness.report import table, html, figures, render; "
        "[render.format_named(name) for name in render.formats()]; "
        "print([name for name in sys.argv[1:] if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    control = subprocess.run(
        [sys.executable, "-c", f"import scipy.stats; {code}", *HEAVY], capture_output=True, text=True, check=True
    )
    assert control.stdout.strip() == "['scipy.stats']"
