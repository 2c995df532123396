"""The runs behind each cell, as HTML."""

from __future__ import annotations

from harness.report.markup import Markup, join, lines, tag
from harness.report.model import Cell, Table
from harness.report.numbers import axis_name


def anchors(table: Table, prefix: str) -> dict[int, str]:
    """A name for each cell and floor of the page, by the object's own identity."""
    cells = [*table.cells(), *(cell for cell in table.floors() if cell.runs)]
    return {id(cell): f"{prefix}-{index}" for index, cell in enumerate(cells)}


def runs_table(table: Table, names: dict[int, str]) -> Markup:
    """A row for each cell: its place, its runs with their seeds and states, the code and the data."""
    cells = [*table.cells(), *(cell for cell in table.floors() if cell.runs)]
    head = tag("tr", *(tag("th", name, scope="col") for name in ("cell", "runs", "commit", "data")))
    rows = [_row(cell, names[id(cell)]) for cell in cells if cell.runs]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *lines(rows))), class_="scroll")


def _row(cell: Cell, anchor: str) -> Markup:
    place = ", ".join(f"{axis_name(axis)} {value}" for axis, value in cell.axes.items() if value)
    floor = f"floor: {cell.runs[0].floor}" if cell.runs[0].floor else ""
    each = [join(tag("code", run.name), f" seed {run.seed}, {run.reason or run.state}") for run in cell.runs]
    facts = [" ".join(dict.fromkeys(getattr(run, name)[:12] for run in cell.runs)) for name in ("commit", "data")]
    return tag(
        "tr",
        tag("td", ", ".join(part for part in (floor, place) if part), class_="where"),
        tag("td", join(*each, between="<br/>")),
        *(tag("td", tag("code", fact)) for fact in facts),
        id=anchor,
    )
