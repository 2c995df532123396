"""Measuring several ways to do one thing in turn, A B A B, so that a machine's moods meet all of them."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from harness.bench.memory import cpu_seconds

Counts = Generator[int, None, None]
"""Yields how many pairs each batch had; closed when enough were counted."""
Way = Callable[[], Counts]
"""Begins anew: sets up, then counts."""


@dataclass(frozen=True)
class Pace:
    """What one turn came to.

    Attributes:
        pairs_per_s: By the clock.
        cpu_s_per_1000: CPU-seconds of this process and its workers, all threads, for 1,000 pairs.
    """

    pairs_per_s: float
    cpu_s_per_1000: float


@dataclass(frozen=True)
class Compared:
    """A way beside the one that it is measured against.

    Attributes:
        name: Of the way.
        beside: Of the other.
        pairs_per_s: The median over the rounds.
        cpu_s_per_1000: Likewise.
        ratio: Its pairs/s over the other's: the median over the rounds' ratios.
        ratios: The least and the greatest of them.
        cpu_ratio: The other's CPU-seconds over its own, the median: above 1 it is cheaper.
    """

    name: str
    beside: str
    pairs_per_s: float
    cpu_s_per_1000: float
    ratio: float
    ratios: tuple[float, float]
    cpu_ratio: float


def pace(way: Way, warm_up: int) -> Pace:
    """Run a way once.

    Args:
        way: What to run; batches that are made while the clock stands still count for none.
        warm_up: Batches before the clock starts.
    """
    with closing(way()) as counts:
        for _ in itertools.islice(counts, warm_up):
            pass
        clock, cpu = time.perf_counter(), cpu_seconds()
        pairs = sum(counts)
        return Pace(pairs / (time.perf_counter() - clock), 1000 * (cpu_seconds() - cpu) / pairs)


def in_turn(ways: Mapping[str, Way], rounds: int, warm_up: int) -> dict[str, list[Pace]]:
    """Every way once a round, in the same order.

    Args:
        ways: By name.
        rounds: Three or more, for a median that means something.
        warm_up: Batches of each turn before its clock starts.
    """
    found: dict[str, list[Pace]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(pace(way, warm_up))
    return found


def compared(found: Mapping[str, Sequence[Pace]], name: str, beside: str) -> Compared:
    """One way beside another, round by round."""
    ours, other = found[name], found[beside]
    ratios = [one.pairs_per_s / two.pairs_per_s for one, two in zip(ours, other, strict=True)]
    cheaper = [two.cpu_s_per_1000 / one.cpu_s_per_1000 for one, two in zip(ours, other, strict=True)]
    return Compared(
        name,
        beside,
        statistics.median(one.pairs_per_s for one in ours),
        statistics.median(one.cpu_s_per_1000 for one in ours),
        statistics.median(ratios),
        (min(ratios), max(ratios)),
        statistics.median(cheaper),
    )
