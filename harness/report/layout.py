"""Where cells and floors stand: rows, columns, and blocks that fit a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.errors import DataError
from harness.report.compare import Cells, Place
from harness.report.model import Block, Cell, Row
from harness.report.runs import Run

WIDEST = 6
"""Values side by side, metrics counted, above which the outermost column axis becomes blocks."""


def along(runs: Iterable[Run], axes: Sequence[str]) -> list[Place]:
    """Every place on `axes` that runs take, axis by axis in the order in which values first appear."""
    found = dict.fromkeys(tuple(run.axes.get(axis, "") for axis in axes) for run in runs)
    ranks: list[dict[str, int]] = [{} for _ in axes]
    for spot in found:
        for rank, value in zip(ranks, spot, strict=True):
            rank.setdefault(value, len(rank))
    return sorted(found, key=lambda spot: [rank[value] for rank, value in zip(ranks, spot, strict=True)])


def placed(runs: Iterable[Run], rows: Sequence[str], columns: Sequence[str]) -> dict[tuple[Place, Place], list[Run]]:
    """Runs by the row and column that they stand in.

    Raises:
        DataError: Runs of two cells stand in one place, because an axis is neither in rows nor in columns.
    """
    found: dict[tuple[Place, Place], list[Run]] = {}
    for run in runs:
        row, column = (tuple(run.axes.get(axis, "") for axis in axes) for axes in (rows, columns))
        inside = found.setdefault((row, column), [])
        if inside and inside[0].cell != run.cell:
            raise _crowded(inside[0], run)
        inside.append(run)
    return found


def _crowded(one: Run, other: Run) -> DataError:
    names = sorted({*one.axes, *other.axes})
    apart = [name for name in names if one.axes.get(name) != other.axes.get(name)]
    return DataError(
        f"the cells of {one.name!r} and {other.name!r} stand in one place of the table",
        where="the table",
        mend=f"add {apart[0]!r} to its rows or columns" if apart else "give the axis that separates them to the table",
    )


def blocks(
    cells: Cells, floors: Sequence[Cell], rows: Sequence[str], columns: Sequence[str], width: int
) -> list[Block]:
    """The table in blocks.

    Args:
        cells: Every cell by its row's and column's place, in the order in which they are to stand.
        floors: The floors, each with the axes that it belongs to.
        rows: The row axes.
        columns: The column axes.
        width: How many metrics stand side by side.
    """
    heads = list(dict.fromkeys(column for _, column in cells))
    fixed = _fixed(heads, width)
    found = []
    for outer in dict.fromkeys(head[:fixed] for head in heads):
        inner = [head for head in heads if head[:fixed] == outer]
        side = list(dict.fromkeys(row for row, column in cells if column in inner))
        found.append(
            Block(
                head=tuple(zip(columns, outer, strict=False)),
                columns=tuple(head[fixed:] for head in inner),
                rows=tuple(Row(row, tuple(cells[row, head] for head in inner)) for row in side),
                floors=tuple(_floor_rows(floors, rows, [dict(zip(columns, head, strict=True)) for head in inner])),
            )
        )
    return found


def _fixed(heads: Sequence[Place], width: int) -> int:
    """How many column axes, from the outermost, become blocks."""
    axes = len(heads[0]) if heads else 0
    for fixed in range(axes):
        outer = [head[:fixed] for head in heads]
        if max(outer.count(head) for head in outer) * width <= WIDEST:
            return fixed
    return max(axes - 1, 0)


def _floor_rows(floors: Sequence[Cell], rows: Sequence[str], columns: Sequence[Mapping[str, str]]) -> list[Row]:
    """A row for each floor and each place on the row axes that it belongs to, with a cell wherever it applies."""
    found: dict[Place, list[Cell]] = {}
    for floor in floors:
        nothing = Cell({}, (None,) * len(floor.estimates), (), "", ())
        head = (floor.runs[0].floor or "", *(floor.axes[axis] for axis in rows if axis in floor.axes))
        line = found.setdefault(head, [nothing] * len(columns))
        for index, column in enumerate(columns):
            if all(floor.axes.get(axis, value) == value for axis, value in column.items()):
                line[index] = floor
    return [Row(head, tuple(line)) for head, line in found.items() if any(cell.runs for cell in line)]
