"""A table as LaTeX: one `table` for each block, with the package booktabs and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from harness.report.effect_words import effect_head, effect_row, effects_caption, verdict
from harness.report.marks import Mark
from harness.report.model import Block, Cell, Row, Table
from harness.report.numbers import axis_name, estimate_text, metric_name, setting
from harness.report.words import (
    bold_meaning,
    caption,
    floor_name,
    legend,
    notes,
    provenance_lines,
    signs,
    warnings,
)

SUFFIX = ".tex"
WHITE = re.compile(r"\s+")
REASON = 0.16
"""The width of a column that holds words, as a share of the line."""
ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': "''",
    "[": "{[}",
    "]": "{]}",
    "−": "$-$",
    "–": "--",
    Mark.TARGET_IN_PAIR.value: r"\dag{}",
    Mark.AT_MAJORITY.value: r"\ddag{}",
    Mark.UNTRAINED.value: r"\S{}",
    Mark.REVISIONS.value: r"\P{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
}


def render(table: Table) -> str:
    """The table as LaTeX, to be included in a document that uses booktabs; names are escaped."""
    parts = ["% needs \\usepackage{booktabs}"]
    for number, block in enumerate(table.blocks):
        parts.append(_float(_title(table, block), _block(table, block), _beneath(table) if number == 0 else []))
    if table.comparisons:
        found = verdict(table)
        parts.append(_float(escape(effects_caption(table)), _effects(table), [found.text] if found else []))
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """`text` with every sign that TeX would read made plain."""
    return "".join(ESCAPES.get(sign, sign) for sign in WHITE.sub(" ", text))


def _title(table: Table, block: Block) -> str:
    where = f" ({setting(block.head)})" if block.head else ""
    return escape(f"{table.title}{where}. {caption(table)}")


def _beneath(table: Table) -> list[str]:
    """What stands beneath the first block: warnings, signs, notes, provenance."""
    best = bold_meaning(table)
    used = [f"{sign} {meaning}" for sign, meaning in legend(table)]
    return [*warnings(table), *used, *([f"Bold: {best}"] if best else []), *notes(table), *provenance_lines(table)]


def _float(title: str, tabular: str, beneath: Sequence[str]) -> str:
    small = "".join(f"\n{escape(line)}\\par" for line in beneath)
    foot = f"\n\\par\\smallskip\n{{\\footnotesize\\raggedright{small}\n}}" if beneath else ""
    return f"\\begin{{table}}\n\\centering\n\\caption{{{title}}}\n{tabular}{foot}\n\\end{{table}}"


def _block(table: Table, block: Block) -> str:
    sides, width = len(table.row_axes), len(block.columns) * len(table.metrics)
    lines = [*_heads(table, block), r"\midrule"]
    lines += [_line([*map(escape, row.head), *_values(table, row)]) for row in block.rows]
    if block.floors:
        lines.append(r"\midrule")
        lines += [_line([_floor(row, sides), *_values(table, row)]) for row in block.floors]
    return _tabular("l" * (sides + width), lines)


def _floor(row: Row, sides: int) -> str:
    return f"\\multicolumn{{{sides}}}{{l}}{{\\emph{{{escape(floor_name(row))}}}}}"


def _heads(table: Table, block: Block) -> Iterator[str]:
    """A line for each column axis with equal neighbours joined, then the metrics."""
    sides, each = len(table.row_axes), len(table.metrics)
    names = [escape(axis_name(axis)) for axis in table.row_axes]
    levels = len(table.column_axes)
    for level in range(levels):
        last = level == levels - 1 and each == 1
        yield _line([*(names if last else [""] * sides), *(_spanning(block, level, each))])
        yield "".join(_rules(block, level, each, sides)) if not last else ""
    if each > 1 or not levels:
        yield _line([*names, *(escape(metric_name(metric)) for _ in block.columns for metric in table.metrics)])


def _groups(block: Block, level: int) -> list[tuple[str, int]]:
    """The values on one column axis, equal neighbours under equal outer values joined, with their number."""
    joined = groupby(column[: level + 1] for column in block.columns)
    return [(place[-1], len(list(same))) for place, same in joined]


def _spanning(block: Block, level: int, each: int) -> Iterator[str]:
    for value, count in _groups(block, level):
        yield f"\\multicolumn{{{count * each}}}{{l}}{{{escape(value)}}}" if count * each > 1 else escape(value)


def _rules(block: Block, level: int, each: int, start: int) -> Iterator[str]:
    for _, count in _groups(block, level):
        yield f"\\cmidrule(lr){{{start + 1}-{start + count * each}}}"
        start += count * each


def _values(table: Table, row: Row) -> list[str]:
    return [value for cell in row.cells for value in _cell(table, cell)]


def _cell(table: Table, cell: Cell) -> list[str]:
    """A cell's metrics; the reason of an empty one stretches over all of them."""
    if cell.empty:
        return (
            [_spread(escape(cell.reason), len(table.metrics))]
            if cell.runs or cell.reason
            else [""] * len(table.metrics)
        )
    return [_value(table, cell, index) for index in range(len(table.metrics))]


def _spread(reason: str, columns: int) -> str:
    """A reason over all metrics of its cell, broken into lines where it is long."""
    width = f"{REASON * columns:.2f}\\linewidth"
    return f"\\multicolumn{{{columns}}}{{p{{{width}}}}}{{\\emph{{{reason}}}}}"


def _value(table: Table, cell: Cell, index: int) -> str:
    estimate = cell.estimates[index]
    if estimate is None:
        return "--"
    text = escape(estimate_text(estimate, table.digits))
    text = f"\\textbf{{{text}}}" if estimate.bold else text
    return f"{text}{escape(signs(cell))}" if index == 0 else text


def _effects(table: Table) -> str:
    head = effect_head(table)
    rows = [_line(map(escape, effect_row(table, each))) for each in table.comparisons]
    return _tabular(
        f"{'l' * (len(head) - 1)}p{{{2 * REASON:.2f}\\linewidth}}", [_line(map(escape, head)), r"\midrule", *rows]
    )


def _tabular(columns: str, lines: Sequence[str]) -> str:
    body = "\n".join(line for line in (r"\toprule", *lines, r"\bottomrule") if line)
    return f"\\begin{{tabular}}{{{columns}}}\n{body}\n\\end{{tabular}}"


def _line(cells: Sequence[str] | Iterator[str]) -> str:
    return f"{' & '.join(cells)} \\\\"
