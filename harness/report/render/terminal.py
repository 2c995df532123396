"""A table for the terminal, laid out by rich."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from harness.report.effect_words import effect_head, effect_row, effects_caption, verdict
from harness.report.model import Block, Cell, Row, Table
from harness.report.numbers import axis_name, estimate_text, metric_name, setting
from harness.report.words import (
    absent_text,
    bold_meaning,
    caption,
    floor_name,
    legend,
    notes,
    provenance_lines,
    signs,
    warnings,
)

SUFFIX = ".txt"
WIDTH = 110
BEST = "*"


def render(table: Table, width: int = WIDTH, colour: bool = False) -> str:
    """The table as text.

    Args:
        table: What to show.
        width: Columns of the terminal; cells wrap where it is narrow.
        colour: Whether to use the terminal's styles. Without them the best value has a star before it.
    """
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(Group(*_parts(table, colour)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _parts(table: Table, colour: bool) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(table.title, "bold"), Text(caption(table))]
    parts += [Text(line, "yellow") for line in warnings(table)]
    for block in table.blocks:
        parts += [Text(), *([Text(setting(block.head), "bold")] if block.head else []), _block(table, block, colour)]
    parts += [Text(), *_legend(table, colour)]
    if table.comparisons:
        parts += [Text(), Text("Effects", "bold"), Text(effects_caption(table)), _effects(table)]
    found = verdict(table)
    if found is not None:
        parts += [Text(), Text(found.text, {True: "bold green", False: "bold red", None: "bold yellow"}[found.passed])]
    return [*parts, Text(), *(Text(line, "dim") for line in provenance_lines(table))]


def _block(table: Table, block: Block, colour: bool) -> Grid:
    grid = _grid()
    for axis in table.row_axes:
        grid.add_column(axis_name(axis).replace(" ", "\n", 1), overflow="fold")
    for column in block.columns:
        for index, metric in enumerate(table.metrics):
            grid.add_column(_head(table, column, metric, index), overflow="fold")
    above: tuple[str, ...] = ()
    for row in block.rows:
        grid.add_row(*_heads(row.head, above), *_values(table, row, colour), end_section=row is block.rows[-1])
        above = row.head
    for row in block.floors:
        grid.add_row(*_floor_heads(table, row), *_values(table, row, colour), style="dim")
    return grid


def _head(table: Table, column: tuple[str, ...], metric: str, index: int) -> str:
    """A column's place over the first of its metrics, and each metric beneath."""
    place = [value if index == 0 else "" for value in column]
    return "\n".join([*place, metric_name(metric)] if len(table.metrics) > 1 or not place else place)


def _heads(head: Sequence[str], above: Sequence[str]) -> list[str]:
    """A row's place, without what it shares with the row above."""
    shared = 0
    while shared < len(above) and head[shared] == above[shared]:
        shared += 1
    return ["" if index < shared else value for index, value in enumerate(head)]


def _floor_heads(table: Table, row: Row) -> list[str]:
    """A floor's name in the second column where there is one: the first is narrow."""
    name = floor_name(row)
    return [f"floor: {name}"] if len(table.row_axes) == 1 else ["floor", name, *[""] * (len(table.row_axes) - 2)]


def _values(table: Table, row: Row, colour: bool) -> list[Text]:
    return [_value(table, cell, index, colour) for cell in row.cells for index in range(len(table.metrics))]


def _value(table: Table, cell: Cell, index: int, colour: bool) -> Text:
    estimate = cell.estimates[index]
    if estimate is None:
        return Text(absent_text(cell, index), "dim")
    star = BEST if estimate.bold else " "
    before = "" if colour or table.bold == "none" else star
    text = Text(f"{before}{estimate_text(estimate, table.digits)}", "bold" if estimate.bold else "")
    return text.append(signs(cell) if index == 0 else "", "not bold")


def _legend(table: Table, colour: bool) -> list[Text]:
    best = bold_meaning(table)
    used = [*legend(table), *([("bold" if colour else BEST, best)] if best else [])]
    lines = [Text(f"{sign} {meaning}", "dim") for sign, meaning in used]
    return [*lines, *(Text(f"- {line}", "dim") for line in notes(table))]


def _effects(table: Table) -> Grid:
    grid = _grid()
    for name in effect_head(table):
        grid.add_column(name, overflow="fold")
    above: list[str] = []
    for comparison in table.comparisons:
        texts = effect_row(table, comparison)
        grid.add_row(*_heads(texts[:-3], above), *texts[-3:])
        above = texts[:-3]
    return grid


def _grid() -> Grid:
    return Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
