"""A table as CSV in long form: a line for each metric of each cell, floor and effect, numbers in full precision."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from harness.evaluation.statistics import Interval
from harness.report.effect_words import reading
from harness.report.findings import Comparison
from harness.report.marks import Mark
from harness.report.model import Cell, Table

SUFFIX = ".csv"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(table: Table) -> str:
    """The table as CSV.

    Columns: `kind` (cell, floor, effect), one for each axis, `floor`, the effect's `axis`, `treatment` and
    `control`, `metric`, `value` (an effect's difference), the interval's `low`, `high`, `method`, `units` and
    `count`, `num_runs` and `num_planned` (seeds, for an effect pairs of them), `p` and `p_holm`, `bold`, `marks`,
    `reason`, `evaluation_set`, `commit`, `data`, `runs`.
    """
    axes = list(dict.fromkeys(axis for cell in table.cells() for axis in cell.axes))
    out = StringIO()
    writer = csv.DictWriter(out, [*_columns(axes)], restval="", lineterminator="\n")
    writer.writeheader()
    for line in _lines(table):
        writer.writerow({name: _safe(value) for name, value in line.items()})
    return out.getvalue()


def _columns(axes: list[str]) -> Iterator[str]:
    yield "kind"
    yield from (f"axis.{axis}" for axis in axes)
    yield from ("floor", "axis", "treatment", "control", "metric", "value", "low", "high", "method", "units", "count")
    yield from ("num_runs", "num_planned", "p", "p_holm", "bold", "marks", "reason")
    yield from ("evaluation_set", "commit", "data", "runs")


def _lines(table: Table) -> Iterator[Mapping[str, Any]]:
    for cell in table.cells():
        yield from _of_cell(table, cell, {"kind": "cell"})
    for cell in table.floors():
        if cell.runs:
            yield from _of_cell(table, cell, {"kind": "floor", "floor": cell.runs[0].floor})
    for comparison in table.comparisons:
        yield _of_comparison(comparison)


def _of_cell(table: Table, cell: Cell, start: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    known = {**start, **_places(cell.axes), "num_planned": len(cell.runs), "reason": cell.reason, "num_runs": 0}
    known |= {name: _all(cell, name) for name in ("evaluation_set", "commit", "data", "name")}
    known["runs"] = known.pop("name")
    for metric, estimate in zip(table.metrics, cell.estimates, strict=True):
        line = {**known, "metric": metric, "marks": _names(cell.marks)}
        if estimate is not None:
            line |= {"value": estimate.value, "num_runs": estimate.num_runs, "bold": int(estimate.bold)}
            line |= _interval(estimate.interval)
        yield line


def _of_comparison(comparison: Comparison) -> Mapping[str, Any]:
    line = {
        "kind": "effect",
        **_places(comparison.where),
        **{name: getattr(comparison, name) for name in ("axis", "treatment", "control", "metric", "p_holm")},
        "marks": _names(comparison.marks),
        "reason": reading(comparison),
    }
    if comparison.effect is not None:
        effect = comparison.effect
        line |= {"value": effect.difference, "num_runs": effect.num_seeds, "p": effect.p, **_interval(effect.interval)}
    return line


def _places(axes: Mapping[str, str]) -> dict[str, str]:
    return {f"axis.{axis}": value for axis, value in axes.items()}


def _interval(interval: Interval | None) -> dict[str, Any]:
    if interval is None:
        return {}
    return {name: getattr(interval, name) for name in ("low", "high", "method", "units", "count")}


def _names(marks: tuple[Mark, ...]) -> str:
    return " ".join(mark.name.lower() for mark in marks)


def _all(cell: Cell, field: str) -> str:
    """The distinct values of a fact over a cell's runs."""
    return " ".join(dict.fromkeys(str(getattr(run, field)) for run in cell.runs if getattr(run, field)))


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula with a quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
