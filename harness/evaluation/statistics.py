"""Intervals for a mean over seeds, and Holm's correction for a family of comparisons.

Quantiles come from `scipy.special`: `scipy.stats` takes ten times as long to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A confidence interval and what it was made from.

    Attributes:
        low: The lower end.
        high: The upper end.
        method: "student" or "bootstrap".
        units: What was taken to vary: "seeds", "regions", "patches", "seeds and regions", ...
        count: How many units there were; of "seeds and regions" the regions.
    """

    low: float
    high: float
    method: str
    units: str
    count: int


def student_quantile(degrees: float, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's t: 12.71, 4.30, 2.78 at 1, 2, 4 degrees of freedom and 95%."""
    return float(special.stdtrit(degrees, 0.5 + level / 2))


def student_p(statistic: float, degrees: float) -> float:
    """The two-sided p-value of a t statistic."""
    return float(2 * special.stdtr(degrees, -abs(statistic)))


def student_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Student's interval for the mean over seeds, `mean +- t(n - 1) s / sqrt(n)`.

    It says how far the mean of these seeds may lie from that of all seeds, on
    this one test set; two values at least.
    """
    sample = np.asarray(values, dtype=np.float64)
    assert len(sample) >= 2, "one value has no spread"
    half = student_quantile(len(sample) - 1, level) * float(sample.std(ddof=1)) / len(sample) ** 0.5
    mean = float(sample.mean())
    return Interval(mean - half, mean + half, "student", "seeds", len(sample))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number so that all claims hold together (Holm 1979).

    The k-th smallest of m is multiplied by m - k + 1, kept in order and at most 1.
    A claim at 5 % on the adjusted values is false anywhere in the family at most
    one time in twenty, however the comparisons depend on each other.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, floor = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        floor = max(floor, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = floor
    return adjusted
