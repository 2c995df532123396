"""From the frame of a grid's runs to its table: a pure function, whatever the frame was collected from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.config.table import STAGE, TableSpec
from harness.errors import DataError
from harness.report.cells import make_cell
from harness.report.compare import Cells, Key, compared, embolden, require_one_set
from harness.report.effects import compare
from harness.report.kept import Kept
from harness.report.layout import along, blocks, placed
from harness.report.model import Cell, Table
from harness.report.printable import printable
from harness.report.provenance import trace
from harness.report.runs import Run, read_frame

if TYPE_CHECKING:
    import pandas as pd


def make_table(frame: pd.DataFrame, spec: TableSpec, title: str = "") -> Table:
    """The table that `spec` asks for, of the runs in `frame`.

    Args:
        frame: One row a planned run, upstream stages included, in the order of the plan (`harness.report.runs`).
        spec: What to show.
        title: The heading where `spec` has none.

    Raises:
        DataError: No run of the stage, cells of different evaluation sets side by side, two cells in one
            place, or predictions that cannot be read.
    """
    runs, kept = read_frame(frame), Kept()
    shown = _shown(runs, spec.stage)
    cells = _bold(_cells(shown, spec, kept), spec)
    floors = _floors(runs, spec, kept)
    for keys in compared(cells, spec.bold):
        group = [cells[key] for key in keys]
        require_one_set([*group, *(floor for floor in floors if any(_belongs(floor, cell) for cell in group))])
    parts = blocks(cells, floors, spec.rows, spec.columns, len(spec.metrics))
    everything = [run for cell in (*cells.values(), *floors) for run in cell.runs]
    return Table(
        title=printable(spec.title or title),
        digits=spec.digits,
        metrics=spec.metrics,
        row_axes=spec.rows,
        column_axes=spec.columns[len(parts[0].head) :],
        bold=spec.bold,
        blocks=tuple(parts),
        comparisons=compare(cells.values(), spec.effects, spec.metrics[0], kept),
        provenance=trace(runs, everything, kept),
    )


def _shown(runs: Sequence[Run], stages: Sequence[str] | None) -> list[Run]:
    """The runs of the table's stages, floors left out: those named, or that of the last run.

    Where there are several, a run's stage is its place on one more axis.
    """
    own = [run for run in runs if run.floor is None]
    wanted = stages or [own[-1].stage if own else ""]
    for stage in wanted:
        if all(run.stage != stage for run in own):
            legal = sorted({run.stage for run in own})
            raise DataError(f"the grid has no run of the stage {stage!r}", where="table.stage", legal=legal)
    found = [run for run in own if run.stage in wanted]
    return found if len(wanted) == 1 else [replace(run, axes={**run.axes, STAGE: run.stage}) for run in found]


def _cells(runs: Sequence[Run], spec: TableSpec, kept: Kept) -> dict[Key, Cell]:
    """A cell for every row and column, those that the grid leaves out too; column by column."""
    inside = placed(runs, spec.rows, spec.columns)
    cells = {}
    for column in along(runs, spec.columns):
        for row in along(runs, spec.rows):
            axes = dict(zip((*spec.columns, *spec.rows), (*column, *row), strict=True))
            cells[row, column] = make_cell(axes, inside.get((row, column), []), spec.metrics, kept)
    return cells


def _bold(cells: Cells, spec: TableSpec) -> dict[Key, Cell]:
    if spec.bold == "none":
        return dict(cells)
    best: dict[Key, Cell] = {}
    for keys in compared(cells, spec.bold):
        best |= dict(zip(keys, embolden([cells[key] for key in keys], spec.digits), strict=True))
    return {key: best[key] for key in cells}


def _floors(runs: Sequence[Run], spec: TableSpec, kept: Kept) -> list[Cell]:
    """The floors, each with the table's axes that it belongs to."""
    found: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        if run.floor is not None:
            found.setdefault((run.floor, *(run.axes.get(axis, "") for axis in (*spec.rows, *spec.columns))), []).append(
                run
            )
    return [make_cell(_own_axes(inside[0], spec), inside, spec.metrics, kept) for inside in found.values()]


def _own_axes(floor: Run, spec: TableSpec) -> dict[str, str]:
    return {axis: floor.axes[axis] for axis in (*spec.rows, *spec.columns) if axis in floor.axes}


def _belongs(floor: Cell, cell: Cell) -> bool:
    return all(cell.axes.get(axis) == value for axis, value in floor.axes.items())
