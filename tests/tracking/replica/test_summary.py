"""A cell's mean and interval against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.tracking.replica.summary import mean_and_interval, summary


@pytest.mark.parametrize("count", [2, 3, 5, 20])
def test_the_interval_is_students(count: int) -> None:
    values = np.random.default_rng(count).normal(0.8, 0.05, count)
    found = mean_and_interval(values.tolist())
    low, high = stats.t.interval(0.95, count - 1, loc=values.mean(), scale=stats.sem(values))
    assert found == pytest.approx({"mean": values.mean(), "low": low, "high": high}, rel=1e-12)


def test_one_seed_has_no_interval() -> None:
    assert mean_and_interval([0.7]) == {"mean": 0.7}


def test_the_points_depend_on_the_order_of_finishing_alone() -> None:
    finished = [(300, {"test/x": 3.0}), (100, {"test/x": 1.0, "test/y": 5.0}), (200, {"test/x": 2.0})]
    points = summary(finished)
    assert points == summary(finished[::-1])
    means = [(point.step, point.time, point.value) for point in points if point.key == "test/x/mean"]
    assert means == [(1, 100, 1.0), (2, 200, 1.5), (3, 300, 2.0)]
    assert [(point.step, point.value) for point in points if point.key == "test/y/mean"] == [(1, 5.0)]
