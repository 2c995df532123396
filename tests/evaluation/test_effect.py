"""The paired effect: closed forms, and how often its interval covers zero when there is no effect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.evaluation.bootstrap import group_weights
from harness.evaluation.effect import Effect, paired_effect, two_way_variance
from harness.evaluation.metrics import measure, resampled
from support.probes import null_predictions

SIMULATIONS = 400
RESAMPLES = 200


def test_without_predictions_it_is_students_paired_test() -> None:
    treatment, control = np.array([0.8, 0.83, 0.79]), np.array([0.75, 0.76, 0.77])
    found = paired_effect(treatment - control)
    expected = stats.ttest_rel(treatment, control)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(0.14 / 3)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert found.interval.units == "seeds"


def test_the_variance_is_that_of_two_crossed_factors() -> None:
    """With many seeds and groups the parts are known: var(a)/S + var(b)/G + var(c)/SG."""
    draw = np.random.default_rng(5)
    seeds, groups = 60, 80
    cells = draw.normal(size=(seeds, 1)) + 2 * draw.normal(size=(1, groups)) + 3 * draw.normal(size=(seeds, groups))
    weights = group_weights(groups, 2000) / groups
    variance, degrees = two_way_variance(cells.mean(axis=1), weights @ cells.T, groups)
    assert variance == pytest.approx(1 / 60 + 4 / 80 + 9 / 4800, rel=0.35)
    assert 60 < degrees < 160


def test_one_seed_has_an_interval_over_groups_and_supports_no_claim() -> None:
    resampled_RS = np.random.default_rng(0).normal(0.1, 0.01, (500, 1))
    found = paired_effect(np.array([0.1]), resampled_RS, 50, "regions")
    assert found.p is None
    assert found.num_seeds == 1
    assert found.interval is not None
    assert (found.interval.units, found.interval.count) == ("regions", 50)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.08, 0.12), abs=0.003)


def test_no_spread_supports_no_claim() -> None:
    assert paired_effect(np.array([0.1, 0.1])).p is None
    assert paired_effect(np.array([0.1])) == Effect(0.1, None, None, 1)


def test_one_group_is_not_resampled() -> None:
    found = paired_effect(np.array([0.1, 0.2]), np.array([[0.1, 0.2]] * 9), 1, "regions")
    assert found.interval is not None
    assert found.interval.units == "seeds"


def effects_of_nothing(num_seeds: int, of_seed: float, of_group: float, metric: str) -> list[Effect]:
    draw = np.random.default_rng(num_seeds)
    found = []
    for _ in range(SIMULATIONS):
        treatment, control = null_predictions(draw, num_seeds, of_seed, of_group)
        weights = group_weights(treatment[0].num_groups, RESAMPLES)
        pairs = list(zip(treatment, control, strict=True))
        differences = np.array([measure(one)[metric] - measure(other)[metric] for one, other in pairs])
        again = np.stack(
            [resampled(metric, one, weights) - resampled(metric, other, weights) for one, other in pairs], axis=1
        )
        found.append(paired_effect(differences, again, 10, "regions"))
    return found


@pytest.mark.parametrize("num_seeds", [3, 5])
@pytest.mark.parametrize(("of_seed", "of_group"), [(0.3, 0.0), (0.0, 0.4), (0.0, 0.0), (0.2, 0.3)])
def test_over_null_effects_the_interval_covers_zero_as_often_as_it_says(
    num_seeds: int, of_seed: float, of_group: float
) -> None:
    """Seeds, groups, neither or both vary: 400 grids without an effect, nominally 95 % of intervals hold zero."""
    found = effects_of_nothing(num_seeds, of_seed, of_group, "balanced_accuracy")
    covered = [effect.interval.low <= 0 <= effect.interval.high for effect in found if effect.interval]
    assert len(covered) == SIMULATIONS
    assert 0.93 <= np.mean(covered) <= 0.995
    assert np.mean([effect.p is not None and effect.p < 0.05 for effect in found]) == pytest.approx(
        1 - np.mean(covered), abs=0.005
    )
