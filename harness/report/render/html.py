"""A table as an HTML page of its own, and as the parts of a larger one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from harness.report.document import document
from harness.report.effect_words import effects_caption, verdict
from harness.report.marks import Mark
from harness.report.markup import Markup, join, lines, tag
from harness.report.model import Block, Cell, Row, Table
from harness.report.numbers import axis_name, metric_name, number, setting, span
from harness.report.render._effects import effects_table
from harness.report.render._runs import anchors, runs_table
from harness.report.words import (
    bold_meaning,
    caption,
    floor_name,
    legend,
    notes,
    provenance_lines,
    seeds_text,
    warnings,
)

SUFFIX = ".html"


def render(table: Table) -> str:
    """The table as a page that opens from disk."""
    return document(table.title, tag("h1", table.title), results(table), effects(table), runs(table), provenance(table))


def results(table: Table, prefix: str = "table") -> Markup:
    """The table itself, with what must be known before and after it.

    Args:
        table: What to show.
        prefix: What the anchors of its cells begin with, where a page has several tables.
    """
    names = anchors(table, prefix)
    blocks = [part for block in table.blocks for part in (_block_head(block), _block(table, block, names))]
    before = [
        tag("p", caption(table), class_="caption"),
        *(tag("p", line, class_="notice") for line in warnings(table)),
    ]
    return join(*before, *blocks, _legend(table), between="\n")


def effects(table: Table) -> Markup:
    """The effects that the table was asked for, and whether they are as they should be; empty where none was."""
    if not table.comparisons:
        return Markup("")
    found = verdict(table)
    state = {True: "notice passed", False: "notice failed", None: "notice"}
    box = tag("p", found.text, class_=state[found.passed]) if found else None
    text = tag("p", effects_caption(table), class_="caption")
    return join(tag("h2", "Effects"), box, text, effects_table(table))


def runs(table: Table, prefix: str = "table") -> Markup:
    """The runs of each cell, folded away."""
    return tag("details", tag("summary", "The runs of each cell"), runs_table(table, anchors(table, prefix)))


def provenance(table: Table) -> Markup:
    """Where the numbers come from, with digests and commits in full."""
    said = [tag("p", line) for line in provenance_lines(table)]
    full = [f"{name} {value}" for name, values in _digests(table) for value in values]
    return tag("footer", *said, *(tag("p", tag("code", line)) for line in full), class_="provenance")


def _digests(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "commit", table.provenance.commits
    yield "data", table.provenance.data
    yield "evaluation set", tuple(each.digest for each in table.provenance.sets)


def _block_head(block: Block) -> Markup | None:
    return tag("h3", setting(block.head)) if block.head else None


def _block(table: Table, block: Block, names: dict[int, str]) -> Markup:
    rows = [tag("tr", *_row_head(row), *_values(table, row, names)) for row in block.rows]
    sides = len(table.row_axes)
    floors = [
        tag("tr", tag("th", f"floor: {floor_name(row)}", colspan=sides, scope="row"), *_values(table, row, names))
        for row in block.floors
    ]
    body = [tag("tbody", *lines(rows)), tag("tbody", *lines(floors), class_="floors") if floors else None]
    return tag("div", tag("table", tag("thead", *_heads(table, block)), *body), class_="scroll")


def _heads(table: Table, block: Block) -> Iterator[Markup]:
    """A row for each column axis with equal neighbours joined, then the metrics, unless there is one metric only."""
    each, sides = len(table.metrics), [tag("th", axis_name(axis), scope="col") for axis in table.row_axes]
    levels, metrics = len(table.column_axes), each > 1 or not table.column_axes
    for level in range(levels):
        last = level == levels - 1 and not metrics
        yield tag("tr", *(sides if last else [tag("td", "", colspan=len(sides))]), *_groups(block, level, each))
    if metrics:
        names = [tag("th", metric_name(metric), scope="col") for _ in block.columns for metric in table.metrics]
        yield tag("tr", *sides, *names)


def _groups(block: Block, level: int, each: int) -> Iterator[Markup]:
    """The values on one column axis over the columns that share them."""
    for place, same in groupby(column[: level + 1] for column in block.columns):
        yield tag("th", place[-1], colspan=len(list(same)) * each, scope="colgroup", class_="group")


def _row_head(row: Row) -> list[Markup]:
    return [tag("th", value, scope="row") for value in row.head]


def _values(table: Table, row: Row, names: dict[int, str]) -> Iterator[Markup]:
    for cell in row.cells:
        if cell.empty:
            yield tag("td", cell.reason, colspan=len(table.metrics), class_="why")
        else:
            yield from (_value(table, cell, index, names) for index in range(len(table.metrics)))


def _value(table: Table, cell: Cell, index: int, names: dict[int, str]) -> Markup:
    estimate = cell.estimates[index]
    if estimate is None:
        return tag("td", "–")
    text = tag("a", number(estimate.value, table.digits), href=f"#{names[id(cell)]}")
    interval = estimate.interval if estimate.interval and estimate.interval.low != estimate.interval.high else None
    beside = [_marks(cell.marks), f" {seeds_text(cell)}" if seeds_text(cell) else None] if index == 0 else []
    return tag(
        "td",
        tag("strong", text) if estimate.bold else text,
        *beside,
        tag("span", span(interval, table.digits), class_="interval") if interval else None,
    )


def _marks(marks: tuple[Mark, ...]) -> Markup | None:
    return tag("span", "".join(mark.value for mark in marks), class_="marks") if marks else None


def _legend(table: Table) -> Markup:
    best = bold_meaning(table)
    signs = [*legend(table), *([("Bold", best)] if best else [])]
    items = [tag("li", tag("b", sign, class_="wide" if len(sign) > 1 else None), meaning) for sign, meaning in signs]
    return tag("ul", *items, *(tag("li", note) for note in notes(table)), class_="legend")
