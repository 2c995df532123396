"""A table as GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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

SUFFIX = ".md"


def render(table: Table) -> str:
    """The table as Markdown; names from data or config are escaped."""
    parts = [f"### {escape(table.title)}", escape(caption(table))]
    parts += [f"**{escape(line)}**" for line in warnings(table)]
    for block in table.blocks:
        parts += [f"**{escape(setting(block.head))}**"] if block.head else []
        parts.append(_block(table, block))
    parts.append(_list(_legend(table)))
    if table.comparisons:
        rows = [[escape(text) for text in effect_row(table, each)] for each in table.comparisons]
        parts += [f"**Effects.** {escape(effects_caption(table))}", _grid(map(escape, effect_head(table)), rows)]
    found = verdict(table)
    parts += [f"**{escape(found.text)}**"] if found else []
    parts.append(_list(map(escape, provenance_lines(table))))
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """`text` with every sign that Markdown or HTML would read made plain."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", flat).replace("&", "&amp;")


def _block(table: Table, block: Block) -> str:
    head = [escape(axis_name(axis)) for axis in table.row_axes]
    for column in block.columns:
        head += [_head(table, column, metric) for metric in table.metrics]
    rows = [[*map(escape, row.head), *_values(table, row)] for row in block.rows]
    blank = [""] * (len(table.row_axes) - 1)
    rows += [[f"*floor: {escape(floor_name(row))}*", *blank, *_values(table, row)] for row in block.floors]
    return _grid(head, rows)


def _head(table: Table, column: tuple[str, ...], metric: str) -> str:
    words = [*column, metric_name(metric)] if len(table.metrics) > 1 or not column else list(column)
    return ", ".join(escape(word) for word in words)


def _values(table: Table, row: Row) -> list[str]:
    return [_value(table, cell, index) for cell in row.cells for index in range(len(table.metrics))]


def _value(table: Table, cell: Cell, index: int) -> str:
    estimate = cell.estimates[index]
    if estimate is None:
        reason = escape(absent_text(cell, index))
        return f"*{reason}*" if len(reason) > 1 else reason
    text = escape(estimate_text(estimate, table.digits))
    beside = escape(signs(cell)) if index == 0 else ""
    return f"**{text}**{beside}" if estimate.bold else f"{text}{beside}"


def _legend(table: Table) -> list[str]:
    best = bold_meaning(table)
    used = [f"{escape(sign)} {escape(meaning)}" for sign, meaning in legend(table)]
    return [*used, *([f"**bold**: {escape(best)}"] if best else []), *map(escape, notes(table))]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _grid(head: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    names = list(head)
    return "\n".join(_line(cells) for cells in (names, ["---"] * len(names), *rows))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
