"""What a table's effects say, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evaluation.statistics import Interval
from harness.report.findings import SIGNIFICANT, Comparison
from harness.report.model import Table
from harness.report.numbers import axis_name, capital, counted, listed, metric_name, number, p_text, setting


def difference_text(comparison: Comparison, digits: int) -> str:
    """The effect in numbers: +.100 (.060 to .140)."""
    if comparison.effect is None:
        return "–"
    interval = comparison.effect.interval
    found = number(comparison.effect.difference, digits, sign=True)
    return f"{found} ({_to(interval, digits)})" if interval is not None else found


def _to(interval: Interval, digits: int) -> str:
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def reading(comparison: Comparison) -> str:
    """What an effect says, in plain words."""
    if comparison.effect is None:
        return f"not compared: {comparison.reason}"
    if comparison.p_holm is None:
        return "one seed: no claim" if comparison.effect.num_seeds == 1 else "no spread between seeds: no claim"
    if not comparison.detected:
        alone = comparison.effect.p is not None and comparison.effect.p < SIGNIFICANT
        return "no effect detected after Holm's correction" if alone else "no effect detected"
    return "an effect is detected" if comparison.effect.difference > 0 else "an effect is detected, downwards"


def expectation(comparison: Comparison) -> str:
    """Whether an effect is as was said beforehand; empty where nothing was said."""
    if comparison.expect is None:
        return ""
    wanted = "an effect was expected" if comparison.expect == "positive" else "none was expected"
    verdict = {True: "as expected", False: f"NOT as expected: {wanted}", None: f"undecided: {wanted}"}
    return verdict[comparison.as_expected]


def contrast(comparison: Comparison) -> str:
    """The two sides: "asymmetric against symmetric"."""
    return f"{comparison.treatment} against {comparison.control}"


def effect_axes(table: Table) -> list[str]:
    """The axes that tell the effects of one contrast apart: those with several values among them."""
    values: dict[str, set[str]] = {}
    for comparison in table.comparisons:
        for axis, value in comparison.where.items():
            values.setdefault(axis, set()).add(value)
    return [axis for axis, seen in values.items() if len(seen) > 1]


def one_contrast(table: Table) -> bool:
    """Whether all effects have the same two sides and differ in where: then the caption names the sides once."""
    return len({contrast(comparison) for comparison in table.comparisons}) == 1 and bool(effect_axes(table))


def effect_places(table: Table) -> list[str]:
    """What stands over the columns that tell the effects apart."""
    return [*([] if one_contrast(table) else ["effect of"]), *map(axis_name, effect_axes(table))]


def effect_place(table: Table, comparison: Comparison) -> list[str]:
    """What tells one effect from the others, a text for each of `effect_places`."""
    sides = [] if one_contrast(table) else [contrast(comparison)]
    return [*sides, *(comparison.where.get(axis, "") for axis in effect_axes(table))]


def effect_head(table: Table) -> list[str]:
    """What stands over the columns of the effects."""
    return [*effect_places(table), "difference (95% interval)", "p", "reading"]


def effect_row(table: Table, comparison: Comparison) -> list[str]:
    """An effect, a text for each column of `effect_head`."""
    signs = "".join(mark.value for mark in comparison.marks)
    said = "; ".join(part for part in (reading(comparison), expectation(comparison)) if part)
    difference = f"{difference_text(comparison, table.digits)}{signs}"
    return [*effect_place(table, comparison), difference, p_alone(comparison), said]


def p_alone(comparison: Comparison) -> str:
    """The corrected p-value under a heading that says p; empty where there is none."""
    return "" if comparison.p_holm is None else p_text(comparison.p_holm).removeprefix("p ").removeprefix("= ")


def sentence(comparison: Comparison, digits: int) -> str:
    """An effect as one sentence: where, what, and what it says."""
    where = setting(comparison.where)
    said = f"{reading(comparison)}: {difference_text(comparison, digits)}" if comparison.effect else reading(comparison)
    p = f", {p_text(comparison.p_holm)}" if comparison.p_holm is not None else ""
    wanted = expectation(comparison)
    return f"{contrast(comparison)}{f' ({where})' if where else ''}: {said}{p}{f'; {wanted}' if wanted else ''}"


def effects_caption(table: Table) -> str:
    """What the effects are, and how they were corrected."""
    first = table.comparisons[0]
    made = [each.effect for each in table.comparisons if each.effect is not None]
    family = sum(each.p_holm is not None for each in table.comparisons)
    over = [each.interval.units for each in made if each.interval is not None]
    sides = contrast(first) if one_contrast(table) else "treatment against control"
    text = f"{capital(sides)}: difference in {metric_name(first.metric)}, paired by seed"
    if over:
        text += f"; 95% interval over {listed(dict.fromkeys(over))}"
    return f"{text}; p by Holm over {counted(family, 'effects')}." if family > 1 else f"{text}."


@dataclass(frozen=True)
class Verdict:
    """Whether the grid found what it was built to find; None where it cannot tell yet."""

    passed: bool | None
    text: str


def verdict(table: Table) -> Verdict | None:
    """The answer of a grid that checks the harness; None where nothing was expected."""
    asked = [each for each in table.comparisons if each.expect is not None]
    if not asked:
        return None
    if all(each.as_expected for each in asked):
        return Verdict(True, f"Check passed: {_as_built(asked)}.")
    wrong = [each for each in asked if each.as_expected is False]
    if wrong:
        failed = listed(f"{contrast(each)} ({reading(each)})" for each in wrong)
        return Verdict(False, f"Check FAILED: not as expected are {failed}.")
    open_yet = listed(f"{contrast(each)} ({reading(each)})" for each in asked if each.as_expected is None)
    return Verdict(None, f"Check undecided: {open_yet}.")


def _as_built(asked: Sequence[Comparison]) -> str:
    """What was found where something was to be found, and where nothing was."""
    there = [contrast(each) for each in asked if each.expect == "positive"]
    absent = [contrast(each) for each in asked if each.expect == "none"]
    found = f"an effect is detected where there is one ({listed(there)})" if there else ""
    empty = f"none is detected where there is none ({listed(absent)})" if absent else ""
    return ", and ".join(part for part in (found, empty) if part)
