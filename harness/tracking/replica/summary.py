"""What is logged on a cell: the mean of its seeds, and the interval in which the mean of all seeds may lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from harness.tracking.replica.names import legal_key
from harness.tracking.replica.replay import Point

LEVEL = 0.95


def mean_and_interval(values: Sequence[float]) -> dict[str, float]:
    """Mean, and from two values on the ends of Student's 95 % interval, `mean +- t(n - 1) s / sqrt(n)`."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return {"mean": mean}
    from scipy.special import stdtrit

    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    half = float(stdtrit(count - 1, 0.5 + LEVEL / 2)) * math.sqrt(variance / count)
    return {"mean": mean, "low": mean - half, "high": mean + half}


def summary(finished: Sequence[tuple[int, Mapping[str, float]]]) -> list[Point]:
    """The points of a cell: at step n, what its first n runs to finish came to.

    A pure function of the results, so that it does not matter how often and when it is logged.

    Args:
        finished: For each finished run when it ended, in milliseconds, and its metrics.
    """
    points: list[Point] = []
    seen: dict[str, list[float]] = {}
    for time, metrics in sorted(finished, key=lambda item: item[0]):
        for name, value in metrics.items():
            seen.setdefault(name, []).append(value)
            points += _points(name, seen[name], time)
    return points


def _points(name: str, values: Sequence[float], time: int) -> Iterator[Point]:
    for end, value in mean_and_interval(values).items():
        yield Point(legal_key(f"{name}/{end}"), value, time, len(values))
