"""Rows, columns, blocks and floors: where things stand."""

from __future__ import annotations

from itertools import product

import pytest

from harness.errors import DataError
from harness.report.model import Table
from harness.report.table import make_table
from support.frames import frame_of, row, small_frame, small_spec


def test_rows_and_columns_stand_in_the_order_of_the_plan_axis_by_axis() -> None:
    places = [("b", "y"), ("a", "x"), ("a", "y"), ("b", "x")]
    rows = [row("probe", {"pair": one, "objective": other}, 0, {"test/auroc": 0.5}) for one, other in places]
    spec = small_spec(rows=("pair",), columns=("objective",), metrics=("test/auroc",), effects=())
    block = make_table(frame_of(rows), spec).blocks[0]
    assert [each.head for each in block.rows] == [("b",), ("a",)]
    assert block.columns == (("y",), ("x",))


def test_a_wide_table_becomes_a_block_for_each_value_of_its_outermost_column_axis(real_table: Table) -> None:
    heads = [block.head for block in real_table.blocks]
    assert heads == [(("label", name),) for name in ("panck", "cd3", "dapi", "tissue")]
    assert real_table.column_axes == ("objective",)
    for block in real_table.blocks:
        assert block.columns == (("vicreg",), ("ntxent",))
        assert {cell.axes["label"] for each in block.rows for cell in each.cells} == {block.head[0][1]}


def test_a_narrow_table_is_one_block() -> None:
    table = make_table(small_frame(), small_spec())
    assert [block.head for block in table.blocks] == [()]


def test_one_column_axis_stays_together_however_long() -> None:
    rows = [row("probe", {"pair": "a", "objective": f"o{at}"}, 0, {"test/auroc": 0.5}) for at in range(9)]
    spec = small_spec(rows=("pair",), columns=("objective",), metrics=("test/auroc",), effects=())
    assert len(make_table(frame_of(rows), spec).blocks) == 1


def test_without_a_column_axis_the_metrics_are_the_columns() -> None:
    rows = [row("probe", {"pair": pair}, 0, {"test/auroc": 0.5}) for pair in ("a", "b")]
    block = make_table(frame_of(rows), small_spec(rows=("pair",), columns=(), effects=())).blocks[0]
    assert block.columns == ((),)
    assert len(block.rows) == 2


def test_a_place_that_the_grid_leaves_out_is_a_cell_that_says_so() -> None:
    rows = [
        row("probe", {"pair": one, "objective": other}, 0, {"test/auroc": 0.5}) for one, other in ("ax", "ay", "bx")
    ]
    spec = small_spec(rows=("pair",), columns=("objective",), metrics=("test/auroc",), effects=())
    assert make_table(frame_of(rows), spec).blocks[0].rows[1].cells[1].reason == "not planned"


def test_floors_stand_beneath_the_columns_that_they_belong_to(real_table: Table) -> None:
    for block in real_table.blocks:
        assert [each.head for each in block.floors] == [("majority",), ("histogram",), ("random encoder",)]
        assert all(cell.axes == dict(block.head) for each in block.floors for cell in each.cells)
        encoder = block.floors[2].cells[0].estimates[0]
        assert encoder is not None
        assert encoder.num_runs == 5


def test_floors_of_an_axis_down_the_side_have_a_row_for_each_of_its_values() -> None:
    rows = [
        row("probe", {"label": label, "objective": name}, 0, {"test/auroc": 0.6}, evaluation_set=label)
        for label, name in product("tu", "xy")
    ]
    rows += [
        row("probe", {"label": label, "floor": "majority"}, 0, {"test/auroc": 0.5}, evaluation_set=label)
        for label in "tu"
    ]
    spec = small_spec(rows=("label",), columns=("objective",), metrics=("test/auroc",), effects=())
    assert [each.head for each in make_table(frame_of(rows), spec).blocks[0].floors] == [
        ("majority", "t"),
        ("majority", "u"),
    ]


def test_a_floor_leaves_columns_empty_that_it_does_not_belong_to() -> None:
    rows = [row("probe", {"pair": "a", "label": label}, 0, {"test/auroc": 0.6}, evaluation_set=label) for label in "tu"]
    rows.append(row("probe", {"label": "u", "floor": "majority"}, 0, {"test/auroc": 0.5}, evaluation_set="u"))
    spec = small_spec(rows=("pair",), columns=("label",), metrics=("test/auroc",), effects=())
    first, second = make_table(frame_of(rows), spec).blocks[0].floors[0].cells
    assert first.runs == ()
    assert second.runs != ()


def test_two_cells_in_one_place_are_refused_with_the_axis_that_separates_them() -> None:
    with pytest.raises(DataError) as caught:
        make_table(small_frame(), small_spec(rows=("pair",)))
    assert "stand in one place of the table" in str(caught.value)
    assert "add 'shared_weights' to its rows or columns" in str(caught.value)


def test_the_table_is_of_the_last_stage_unless_another_is_named() -> None:
    table = make_table(small_frame(), small_spec(stage="pretrain", metrics=("train/loss",), effects=()))
    assert {run.stage for cell in table.cells() for run in cell.runs} == {"pretrain"}
    with pytest.raises(DataError, match="no run of the stage 'prob'"):
        make_table(small_frame(), small_spec(stage="prob"))
