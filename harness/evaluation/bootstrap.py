"""The bootstrap over groups: what a metric would have been on other regions, patients or slides.

Patches of one region overlap or resemble each other, so whole groups are drawn
with replacement, never patches. Draws depend on the number of groups alone: runs
on one evaluation set meet the same resamples, and their differences are paired.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from harness.evaluation.metrics import resampled
from harness.evaluation.predictions import Predictions
from harness.evaluation.statistics import LEVEL, Interval, student_quantile

NUM_RESAMPLES = 2000
SEED = 2303


@lru_cache(maxsize=4)
def group_weights(num_groups: int, num_resamples: int = NUM_RESAMPLES, seed: int = SEED) -> NDArray[np.uint16]:
    """How often each of G groups stands in each of R resamples, R x G, read-only; each row sums to G."""
    drawn = np.random.default_rng(seed).integers(0, num_groups, (num_resamples, num_groups), dtype=np.int64)
    drawn += np.arange(num_resamples)[:, None] * num_groups
    counts = np.bincount(drawn.ravel(), minlength=num_resamples * num_groups)
    weights = counts.reshape(num_resamples, num_groups).astype(np.uint16)
    weights.flags.writeable = False
    return weights


def resamples(metric: str, predictions: Predictions, num_resamples: int = NUM_RESAMPLES) -> NDArray[np.float64]:
    """The metric in each resample of the groups; NaN where a resample leaves it undefined."""
    return resampled(metric, predictions, group_weights(predictions.num_groups, num_resamples))


def expanded_tail(num_groups: int, level: float = LEVEL) -> float:
    """The share to cut off at each end so that a percentile interval is as wide as Student's.

    A plain percentile interval over G groups is too narrow by sqrt((G - 1) / G)
    and by the normal quantile in place of Student's (Hesterberg 2015, section
    5.2): with ten groups it covers about 90% where it says 95%. The tail is
    Phi(-sqrt(G / (G - 1)) t): .9 % for ten groups, 2.5 % for many.
    """
    if num_groups < 2:
        return (1 - level) / 2
    wider = (num_groups / (num_groups - 1)) ** 0.5 * student_quantile(num_groups - 1, level)
    return float(special.ndtr(-wider))


def group_interval(metric: str, predictions: Predictions, units: str, level: float = LEVEL) -> Interval | None:
    """The expanded percentile interval of one run's metric over resamples of its groups.

    Args:
        metric: A name of `harness.evaluation.metrics.METRICS`.
        predictions: One run's predictions.
        units: What the groups are, for the reader: "regions", or "patches" where no group is known.
        level: The nominal coverage.

    Returns:
        None where there is one group only, or no resample in which the metric is defined.
    """
    return percentile_interval(resamples(metric, predictions), predictions.num_groups, units, level)


def percentile_interval(
    values_R: NDArray[np.float64], num_groups: int, units: str, level: float = LEVEL
) -> Interval | None:
    """The expanded percentile interval of resampled values; see `group_interval`."""
    known = values_R[np.isfinite(values_R)]
    if num_groups < 2 or not len(known):
        return None
    tail = expanded_tail(num_groups, level)
    low, high = np.quantile(known, [tail, 1 - tail])
    return Interval(float(low), float(high), "bootstrap", units, num_groups)
