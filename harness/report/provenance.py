"""Where a table's numbers come from: runs, hours, code, data, evaluation sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.report.cells import mixed_revisions
from harness.report.findings import EvaluationSet, Provenance
from harness.report.kept import Kept, units
from harness.report.runs import Run


def trace(runs: Sequence[Run], shown: Sequence[Run], kept: Kept) -> Provenance:
    """What stands beneath a table.

    Args:
        runs: Every run of the grid, upstream stages included; a run that several cells share counts once.
        shown: The runs of the table's cells and floors.
        kept: Their predictions.
    """
    each = {run.name: run for run in runs}.values()
    done = [run for run in shown if run.done]
    return Provenance(
        states=dict(sorted(Counter(run.state for run in each).items())),
        hours=sum(run.hours for run in each if run.done),
        hours_without_result=sum(run.hours for run in each if not run.done),
        commits=_distinct(run.commit for run in each),
        data=_distinct(run.data for run in each),
        sets=tuple(_sets(done, kept)),
        mixed=mixed_revisions(done),
        synthetic=any(run.synthetic for run in each),
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _sets(done: Iterable[Run], kept: Kept) -> Iterable[EvaluationSet]:
    seen: set[str] = set()
    for run in done:
        predictions = None if run.evaluation_set in seen else kept.of(run)
        if predictions is not None:
            seen.add(run.evaluation_set)
            named = units(run, predictions)
            yield EvaluationSet(run.evaluation_set, len(predictions.labels), predictions.num_groups, named)
