"""The effect of a treatment: the mean of differences paired by seed, and how far it may be off.

Two things vary: the seeds, few and dear, and the groups of the test set, shared
by all runs. With a_s for the seeds, b_g for the groups and c_sg for both, the mean
over S seeds has the variance

    var(a) / S + var(b) / G + var(c) / (S G)

which is the spread between seeds, plus the bootstrap variance over groups, less
what both count twice. Its degrees of freedom follow Satterthwaite.

Tried and left, by share of null effects whose 95% interval covers zero (Gaussian
a, b, c; S = 3 and G = 10; seeds, groups or interaction dominating): a percentile
interval over resampled seeds and groups 73, 90 and 99%; Student's over seeds
alone 95, 21 and 95%; the variance here with min(S, G) - 1 degrees 96, 100 and
100%, at up to twice the width. This one: 95, 96 and 99%; with two seeds 92, 95, 98%.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.bootstrap import percentile_interval
from harness.evaluation.statistics import Interval, student_p, student_quantile

Floats = NDArray[np.float64]
NO_SPREAD = 1e-9
"""A standard error below this is rounding: seeds that all differ by the same amount support no claim."""


@dataclass(frozen=True)
class Effect:
    """A mean difference with its interval.

    Attributes:
        difference: The mean over seeds of treatment minus control.
        interval: Its 95% interval; None where nothing can be resampled.
        p: The two-sided p-value of no effect; None where the data support no claim about a method (one
            seed, or no spread at all).
        num_seeds: How many pairs of seeds entered.
    """

    difference: float
    interval: Interval | None
    p: float | None
    num_seeds: int


def paired_effect(
    differences_S: Floats, resampled_RS: Floats | None = None, num_groups: int = 0, units: str = "groups"
) -> Effect:
    """The effect from one difference a seed, and the same differences in R resamples of the groups.

    Args:
        differences_S: Treatment minus control, for each seed.
        resampled_RS: The same differences in R resamples of the test groups, one set of
            resamples for all seeds; None where predictions were not kept.
        num_groups: How many groups were resampled.
        units: What the groups are, for the reader.
    """
    mean, seeds = float(differences_S.mean()), len(differences_S)
    defined = _defined(resampled_RS, num_groups)
    if seeds == 1:
        alone = percentile_interval(defined[:, 0], num_groups, units) if defined is not None else None
        return Effect(mean, alone, None, 1)
    if defined is None:
        return _over_seeds(differences_S)
    variance, degrees = two_way_variance(differences_S, defined, num_groups)
    return _student(mean, variance, degrees, seeds, f"seeds and {units}", num_groups)


def _defined(resampled_RS: Floats | None, num_groups: int) -> Floats | None:
    """The resamples in which every difference is defined; None where there are too few, or one group only."""
    if resampled_RS is None or num_groups < 2:
        return None
    defined = resampled_RS[np.isfinite(resampled_RS).all(axis=1)]
    return defined if len(defined) > 1 else None


def two_way_variance(differences_S: Floats, resampled_RS: Floats, num_groups: int) -> tuple[float, float]:
    """The variance of the mean difference over both seeds and groups, and its degrees of freedom.

    The bootstrap's variance over G groups is short by (G - 1) / G, which is made good.
    """
    seeds = len(differences_S)
    correction = num_groups / (num_groups - 1)
    over_seeds = float(differences_S.var(ddof=1)) / seeds
    over_groups = float(resampled_RS.mean(axis=1).var(ddof=1)) * correction
    of_one_seed = float(resampled_RS.var(axis=0, ddof=1).mean()) * correction
    both = min(max((of_one_seed - over_groups) / (seeds - 1), 0.0), over_seeds, over_groups)
    variance = over_seeds + over_groups - both
    spread = over_seeds**2 / (seeds - 1) + over_groups**2 / (num_groups - 1)
    spread += both**2 / ((seeds - 1) * (num_groups - 1))
    return variance, max(1.0, variance**2 / spread) if spread > 0 else 1.0


def _over_seeds(differences_S: Floats) -> Effect:
    """Student's interval over seeds alone, where no predictions were kept."""
    seeds = len(differences_S)
    variance = float(differences_S.var(ddof=1)) / seeds
    return _student(float(differences_S.mean()), variance, seeds - 1, seeds, "seeds", seeds)


def _student(mean: float, variance: float, degrees: float, seeds: int, units: str, count: int) -> Effect:
    error = variance**0.5
    half = student_quantile(degrees) * error
    interval = Interval(mean - half, mean + half, "student", units, count)
    return Effect(mean, interval, student_p(mean / error, degrees) if error > NO_SPREAD else None, seeds)
