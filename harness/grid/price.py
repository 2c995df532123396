"""What a grid would cost in time and disk, from runs that finished here or from stated assumptions."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.grid.plan import PlannedRun
from harness.grid.stage import Price
from harness.grid.states import State


@dataclass(frozen=True)
class Bill:
    """What a set of runs is expected to take.

    Attributes:
        hours: Process-group hours, all runs in turn.
        measured: Runs priced by one like them that finished in this store.
        assumed: Runs priced by an assumed rate.
        live_bytes: The most that runs which are not done yet need while they run, all at once.
        final_bytes: What they leave.
    """

    hours: float
    measured: int
    assumed: int
    live_bytes: int
    final_bytes: int


def bill(runs: Sequence[PlannedRun], found: Mapping[str, State], to_run: Sequence[PlannedRun]) -> Bill:
    """Price `to_run` by the finished ones among `runs`."""
    rates = _rates(runs, found)
    prices = [run.build().price() for run in to_run]
    return Bill(
        hours=sum(_seconds(price, rates) for price in prices) / 3600,
        measured=sum(price.key in rates for price in prices),
        assumed=sum(price.key not in rates for price in prices),
        live_bytes=sum(price.live_bytes for price in prices),
        final_bytes=sum(price.final_bytes for price in prices),
    )


def _rates(runs: Sequence[PlannedRun], found: Mapping[str, State]) -> dict[str, float]:
    """Units a second by price key, the median over finished runs."""
    seen: dict[str, list[float]] = {}
    for run in runs:
        result = found[run.key].result
        if result is not None and result.seconds > 0:
            price = run.build().price()
            seen.setdefault(price.key, []).append(price.units / result.seconds)
    return {key: statistics.median(rates) for key, rates in seen.items()}


def _seconds(price: Price, rates: Mapping[str, float]) -> float:
    return price.units / rates.get(price.key, price.assumed_rate)
