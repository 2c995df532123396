"""One cell of a table from its runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from harness.evaluation.statistics import student_interval
from harness.report.kept import Kept
from harness.report.marks import Mark
from harness.report.model import Cell, Estimate
from harness.report.runs import Run


def make_cell(axes: Mapping[str, str], runs: Sequence[Run], metrics: Sequence[str], kept: Kept) -> Cell:
    """What the runs of one cell, or of one floor, come to.

    Args:
        axes: The cell's place in the grid.
        runs: Its planned runs; none for a place that the grid leaves out.
        metrics: What to show, as `split/name`.
        kept: The runs' predictions.
    """
    ordered = tuple(sorted(runs, key=lambda run: run.seed))
    estimates = tuple(_estimate(ordered, metric, kept) for metric in metrics)
    return Cell(dict(axes), estimates, tuple(_marks(ordered)), _reason(ordered, metrics), ordered)


def _estimate(runs: Sequence[Run], metric: str, kept: Kept) -> Estimate | None:
    """Mean and Student's interval over seeds; of one seed, the interval over groups."""
    measured = [run for run in runs if run.done and metric in run.metrics]
    values = [run.metrics[metric] for run in measured]
    if not values:
        return None
    interval = kept.interval(measured[0], metric) if len(values) == 1 else student_interval(values)
    return Estimate(metric, fmean(values), interval, len(values))


def _marks(runs: Sequence[Run]) -> Iterator[Mark]:
    done = [run for run in runs if run.done]
    if any(run.target_in_pair for run in runs):
        yield Mark.TARGET_IN_PAIR
    if any(run.at_majority and run.floor != "majority" for run in done):
        yield Mark.AT_MAJORITY
    if any(run.trained is False for run in done):
        yield Mark.UNTRAINED
    if mixed_revisions(done):
        yield Mark.REVISIONS


def mixed_revisions(runs: Iterable[Run]) -> tuple[str, ...]:
    """Components that these runs have in more than one revision, as "linear 1 and 2"."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in (item for run in runs if run.done for item in run.revisions.split(",")):
        component, _, revision = item.strip().rpartition(" ")
        found[component].add(revision)
    return tuple(f"{name} {' and '.join(sorted(seen))}" for name, seen in sorted(found.items()) if len(seen) > 1)


def _reason(runs: Sequence[Run], metrics: Sequence[str]) -> str:
    """Why runs are missing, the commonest reason first; counted where it is not all of them."""
    if not runs:
        return "not planned"
    counted = Counter(_why(run, metrics) for run in runs)
    counted.pop("", None)
    return "; ".join(
        reason if count == len(runs) else f"{reason} ({count} of {len(runs)})"
        for reason, count in counted.most_common()
    )


def _why(run: Run, metrics: Sequence[str]) -> str:
    if not run.done:
        return run.reason or run.state
    missing = [metric for metric in metrics if metric not in run.metrics]
    return f"{missing[0]} not measured" if missing else ""
