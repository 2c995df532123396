"""Numbers and names as they are printed, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.evaluation.statistics import Interval
from harness.report.model import Estimate

MINUS = "−"
SPELT = {"auroc": "AUROC", "macro_f1": "macro F1"}


def number(value: float, digits: int, sign: bool = False) -> str:
    """`value` with the zero before its point left out: .871, −.004, 1.000; with `sign`, +.100."""
    shown = f"{abs(value):.{digits}f}"
    shown = shown[1:] if shown.startswith("0.") else shown
    negative = value < 0 and float(f"{value:.{digits}f}") != 0
    return f"{MINUS if negative else '+' if sign else ''}{shown}"


def span(interval: Interval, digits: int) -> str:
    """An interval's two ends: .862–.880; with a word between where one is negative: −.020 to .028."""
    low, high = number(interval.low, digits), number(interval.high, digits)
    return f"{low} to {high}" if MINUS in low + high else f"{low}–{high}"


def estimate_text(estimate: Estimate, digits: int) -> str:
    """A value with its interval: .871 (.862–.880); without one where there is none, or no width to it."""
    value = number(estimate.value, digits)
    if estimate.interval is None or estimate.interval.low == estimate.interval.high:
        return value
    return f"{value} ({span(estimate.interval, digits)})"


def p_text(p: float) -> str:
    """A p-value: p = .031, p < .001."""
    return "p < .001" if p < 0.001 else f"p = {number(p, 3)}"


def metric_name(metric: str) -> str:
    """A metric for a reader: "AUROC", "balanced accuracy"; with its split where that is not the test set."""
    split, _, name = metric.rpartition("/")
    spelt = SPELT.get(name, axis_name(name))
    return spelt if split in ("test", "") else f"{spelt} ({split})"


def axis_name(axis: str) -> str:
    """An axis for a reader: "shared weights"."""
    return axis.replace("_", " ")


def setting(axes: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """A place in the grid in words: "objective vicreg, shared weights no"."""
    items = axes.items() if isinstance(axes, Mapping) else axes
    return ", ".join(f"{axis_name(axis)} {value}" for axis, value in items if value)


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence: "a", "a and b", "a, b and c"."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def counted(count: int, plural: str) -> str:
    """A number of things: "1 seed", "5 seeds", "1 patch", "7,180 patches"."""
    singular = {"patches": "patch"}.get(plural, plural.removesuffix("s"))
    return f"{count:,} {singular if count == 1 else plural}"


def ranged(counts: Iterable[int], plural: str) -> str:
    """A spread of counts: "5 seeds", "3 to 5 seeds"."""
    ordered = sorted(set(counts))
    return counted(ordered[0], plural) if len(ordered) == 1 else f"{ordered[0]:,} to {counted(ordered[-1], plural)}"


def capital(text: str) -> str:
    """A sentence's first letter made large, the others as they are."""
    return text[:1].upper() + text[1:]
