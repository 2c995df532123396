"""What is compared, what is refused, and what is bold."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from harness.errors import DataError
from harness.report.model import Table
from harness.report.table import make_table
from support.frames import frame_of, row, small_frame, small_spec


def simple(values: dict[tuple[str, str], float], **facts: dict[tuple[str, str], Any]) -> pd.DataFrame:
    """One seed a cell: rows `pair`, columns `objective`."""
    rows = []
    for (pair, objective), value in values.items():
        known = {name: given[pair, objective] for name, given in facts.items() if (pair, objective) in given}
        rows.append(row("probe", {"pair": pair, "objective": objective}, 0, {"test/auroc": value}, **known))
    return frame_of(rows)


def spec(**settings: Any) -> Any:
    given = {"rows": ("pair",), "columns": ("objective",), "metrics": ("test/auroc",), "effects": ()}
    return small_spec(**given | settings)


def bold(table: Table) -> set[tuple[str, str]]:
    return {
        (cell.axes["pair"], cell.axes["objective"])
        for cell in table.cells()
        for each in cell.estimates
        if each is not None and each.bold
    }


FOUR = {("a", "x"): 0.9, ("b", "x"): 0.8, ("a", "y"): 0.6, ("b", "y"): 0.7}


def test_the_best_of_each_column_or_row_or_nothing_is_bold() -> None:
    frame = simple(FOUR)
    assert bold(make_table(frame, spec(bold="column"))) == {("a", "x"), ("b", "y")}
    assert bold(make_table(frame, spec(bold="row"))) == {("a", "x"), ("b", "x")}
    assert bold(make_table(frame, spec(bold="none"))) == set()


def test_values_that_print_alike_share_the_bold_and_one_value_alone_has_none() -> None:
    assert bold(make_table(simple(FOUR | {("b", "x"): 0.90004}), spec())) == {("a", "x"), ("b", "x"), ("b", "y")}
    assert bold(make_table(simple({("a", "x"): 0.9}), spec())) == set()


def test_a_cell_that_did_not_train_is_not_bold_however_high() -> None:
    for value in (0.99, 0.9):
        table = make_table(simple(FOUR | {("c", "x"): value}, trained={("c", "x"): False}), spec())
        assert bold(table) == {("a", "x"), ("b", "y")}


def test_of_a_loss_the_lowest_is_best() -> None:
    frame = simple(FOUR).rename(columns={"test/auroc": "test/loss"})
    assert bold(make_table(frame, spec(metrics=("test/loss",)))) == {("b", "x"), ("a", "y")}


def test_cells_of_different_evaluation_sets_in_a_column_are_refused() -> None:
    frame = simple(FOUR, evaluation_set={("b", "x"): "other"})
    with pytest.raises(DataError) as caught:
        make_table(frame, spec())
    assert "different evaluation sets are not compared: (x, a) and (x, b)" in str(caught.value)
    assert "'e7a1' and 'other'" in str(caught.value)


def test_columns_may_have_evaluation_sets_of_their_own_unless_rows_are_compared() -> None:
    frame = simple(FOUR, evaluation_set={("a", "y"): "other", ("b", "y"): "other"})
    assert bold(make_table(frame, spec())) == {("a", "x"), ("b", "y")}
    with pytest.raises(DataError, match="different evaluation sets"):
        make_table(frame, spec(bold="row"))


def test_a_floor_of_another_evaluation_set_is_refused() -> None:
    floor = row("probe", {"floor": "majority"}, 0, {"test/auroc": 0.5}, evaluation_set="other")
    frame = pd.concat([simple(FOUR), frame_of([floor])])
    with pytest.raises(DataError, match=r"\(x, a\) and \(majority\)"):
        make_table(frame, spec())


def test_labels_down_the_side_are_never_compared_with_each_other() -> None:
    rows = [
        row("probe", {"label": label, "objective": name}, 0, {"test/auroc": value}, evaluation_set=label)
        for label, name, value in (("t", "x", 0.9), ("t", "y", 0.8), ("u", "x", 0.6), ("u", "y", 0.7))
    ]
    table = make_table(frame_of(rows), small_spec(rows=("label", "objective"), columns=(), effects=()))
    best = {tuple(cell.axes.values()) for cell in table.cells() if cell.estimates[0] and cell.estimates[0].bold}
    assert best == {("t", "x"), ("u", "y")}


def test_the_small_table_has_the_bold_that_was_worked_out_by_hand() -> None:
    table = make_table(small_frame(), small_spec())
    best = {tuple(cell.axes.values()) for cell in table.cells() if cell.estimates[0] and cell.estimates[0].bold}
    assert best == {("vicreg", "asymmetric", "no"), ("ntxent", "symmetric", "no")}
