"""The effects of a table as HTML, each with a small drawing of its interval."""

from __future__ import annotations

from harness.report.effect_words import effect_place, effect_places, expectation, p_alone, reading
from harness.report.findings import Comparison
from harness.report.markup import Markup, join, lines, tag
from harness.report.model import Table
from harness.report.numbers import number

WIDTH, HEIGHT = 144, 18


def effects_table(table: Table) -> Markup:
    """A row for each effect: where, how large, drawn to one scale, and what it says."""
    names, reach = [*effect_places(table), "difference", "", "p", "reading"], _reach(table)
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    rows = [_row(table, comparison, reach) for comparison in table.comparisons]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *lines(rows))), class_="scroll")


def _reach(table: Table) -> float:
    """The largest distance from zero that has to be drawn."""
    made = [each.effect for each in table.comparisons if each.effect is not None]
    ends = [abs(end) for each in made if each.interval for end in (each.interval.low, each.interval.high)]
    return max([*ends, *(abs(each.difference) for each in made), 1e-9])


def _row(table: Table, comparison: Comparison, reach: float) -> Markup:
    return tag(
        "tr",
        *(tag("th", text, scope="row") for text in effect_place(table, comparison)),
        tag("td", *_difference(table, comparison)),
        tag("td", _drawing(comparison, reach)),
        tag("td", p_alone(comparison), class_="nowrap"),
        tag("td", *_said(comparison), class_="said why" if comparison.effect is None else "said"),
    )


def _difference(table: Table, comparison: Comparison) -> list[Markup | str]:
    if comparison.effect is None:
        return ["–"]
    signs = "".join(mark.value for mark in comparison.marks)
    parts: list[Markup | str] = [number(comparison.effect.difference, table.digits, sign=True)]
    parts.append(tag("span", signs, class_="marks"))
    interval = comparison.effect.interval
    if interval is not None:
        ends = f"{number(interval.low, table.digits)} to {number(interval.high, table.digits)}"
        parts.append(tag("span", ends, class_="interval"))
    return parts


def _said(comparison: Comparison) -> list[Markup]:
    wanted = expectation(comparison)
    kind = {True: "passed-word", False: "failed-word", None: None}[comparison.as_expected]
    said = tag("span", reading(comparison), class_="detected" if comparison.detected else None)
    return [said, *([join("; ", tag("span", wanted, class_=kind))] if wanted else [])]


def _drawing(comparison: Comparison, reach: float) -> Markup | None:
    """The interval as a line, the mean as a dot, zero as a dashed line."""
    if comparison.effect is None:
        return None
    interval, middle = comparison.effect.interval, HEIGHT // 2
    ends = (interval.low, interval.high) if interval is not None else (comparison.effect.difference,) * 2
    low, high, mean = (f"{_across(value, reach):.1f}" for value in (*ends, comparison.effect.difference))
    return tag(
        "svg",
        tag("line", class_="zero", x1=WIDTH // 2, x2=WIDTH // 2, y1=0, y2=HEIGHT),
        tag("line", class_="span", x1=low, x2=high, y1=middle, y2=middle),
        tag("circle", class_="mean", cx=mean, cy=middle, r=4),
        class_="effect detected" if comparison.detected else "effect",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label="the difference with its interval, against zero",
    )


def _across(value: float, reach: float) -> float:
    """Where a difference lies across the drawing, zero in the middle."""
    return WIDTH / 2 + value / reach * (WIDTH / 2 - 5)
