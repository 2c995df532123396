"""Student's interval and Holm's correction against scipy, printed tables and brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from harness.evaluation.statistics import holm, student_interval, student_p, student_quantile


@pytest.mark.parametrize("count", [2, 3, 5, 12])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_students_interval_is_scipys(count: int, level: float) -> None:
    values = np.random.default_rng(count).normal(0.8, 0.02, count)
    expected = stats.ttest_1samp(values, 0.5).confidence_interval(level)
    found = student_interval(values.tolist(), level)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (found.method, found.units, found.count) == ("student", "seeds", count)


def test_quantiles_are_those_of_a_printed_table() -> None:
    assert [round(student_quantile(degrees), 3) for degrees in (1, 2, 4, 1e6)] == [12.706, 4.303, 2.776, 1.960]


def test_p_is_scipys_whatever_the_sign() -> None:
    values = np.array([0.1, 0.3, 0.25, -0.05])
    expected = stats.ttest_1samp(values, 0.0)
    assert student_p(float(expected.statistic), 3) == pytest.approx(float(expected.pvalue))
    assert student_p(-float(expected.statistic), 3) == pytest.approx(float(expected.pvalue))


def closed_test(p_values: list[float]) -> list[float]:
    """Holm by its definition: the closure of Bonferroni's test over every subset that holds the hypothesis."""
    everyone = range(len(p_values))
    subsets = [chosen for size in range(1, len(p_values) + 1) for chosen in combinations(everyone, size)]
    bonferroni = {chosen: min(1.0, len(chosen) * min(p_values[index] for index in chosen)) for chosen in subsets}
    return [max(value for chosen, value in bonferroni.items() if index in chosen) for index in everyone]


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_the_closure_of_bonferroni(seed: int) -> None:
    p_values = (np.random.default_rng(seed).random(6) ** 3).tolist()
    assert holm(p_values) == pytest.approx(closed_test(p_values))


def test_holm_of_a_known_family() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
