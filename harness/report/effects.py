"""The effects that a table is asked for, each paired by seed, all of them one family."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from harness.config.table import EffectSpec
from harness.errors import DataError
from harness.evaluation.effect import Effect, paired_effect
from harness.evaluation.statistics import holm
from harness.report.compare import require_one_set
from harness.report.findings import Comparison
from harness.report.kept import Kept, units
from harness.report.marks import Mark
from harness.report.model import Cell
from harness.report.runs import Run


def compare(cells: Iterable[Cell], specs: Sequence[EffectSpec], metric: str, kept: Kept) -> tuple[Comparison, ...]:
    """Every effect of `specs`, for each setting of the other axes, corrected for their number (Holm).

    Args:
        cells: The table's cells.
        specs: What is asked.
        metric: What is compared, as `split/name`.
        kept: The runs' predictions.

    Raises:
        DataError: Treatment and control were not tested on the same samples.
    """
    known = [cell for cell in cells if cell.runs]
    return _corrected([found for spec in specs for found in _of_one(known, spec, metric, kept)])


def _of_one(cells: Sequence[Cell], spec: EffectSpec, metric: str, kept: Kept) -> Iterator[Comparison]:
    for treatment in cells:
        if treatment.axes.get(spec.axis) != spec.treatment:
            continue
        where = {axis: value for axis, value in treatment.axes.items() if axis != spec.axis}
        for control in cells:
            if control.axes == where | {spec.axis: spec.control}:
                yield _compared(treatment, control, spec, metric, kept)


def _compared(treatment: Cell, control: Cell, spec: EffectSpec, metric: str, kept: Kept) -> Comparison:
    require_one_set([treatment, control])
    reason = _obstacle(treatment, spec.treatment, metric) or _obstacle(control, spec.control, metric)
    pairs = [] if reason else _pairs(treatment, control, metric)
    return Comparison(
        axis=spec.axis,
        treatment=spec.treatment,
        control=spec.control,
        where={axis: value for axis, value in treatment.axes.items() if axis != spec.axis},
        metric=metric,
        effect=_effect(pairs, metric, kept) if pairs else None,
        p_holm=None,
        marks=tuple(mark for mark in Mark if mark in treatment.marks or mark in control.marks),
        reason=reason or ("" if pairs else "no seed in common"),
        expect=spec.expect,
    )


def _obstacle(cell: Cell, side: str, metric: str) -> str:
    """Why a cell enters no effect; empty where it does."""
    if Mark.UNTRAINED in cell.marks:
        return f"{side} did not train"
    measured = any(metric in run.metrics for run in cell.done)
    return "" if measured else f"{side} {cell.reason}"


def _pairs(treatment: Cell, control: Cell, metric: str) -> list[tuple[Run, Run]]:
    """Runs of one seed on either side."""
    others = {run.seed: run for run in control.done if metric in run.metrics}
    return [(run, others[run.seed]) for run in treatment.done if metric in run.metrics and run.seed in others]


def _effect(pairs: Sequence[tuple[Run, Run]], metric: str, kept: Kept) -> Effect:
    differences = np.array([one.metrics[metric] - other.metrics[metric] for one, other in pairs])
    again = [_resampled_difference(one, other, metric, kept) for one, other in pairs]
    first = kept.of(pairs[0][0])
    columns = [each for each in again if each is not None]
    if first is None or len(columns) < len(pairs):
        return paired_effect(differences)
    return paired_effect(differences, np.stack(columns, axis=1), first.num_groups, units(pairs[0][0], first))


def _resampled_difference(one: Run, other: Run, metric: str, kept: Kept) -> np.ndarray | None:
    """The difference of two runs in each resample of the groups that both were tested on."""
    values, others = kept.resampled(one, metric), kept.resampled(other, metric)
    mine, theirs = kept.of(one), kept.of(other)
    if values is None or others is None or mine is None or theirs is None:
        return None
    if not mine.same_samples(theirs):
        raise DataError(
            f"{one.name!r} and {other.name!r} name one evaluation set, but their predictions are of different samples",
            where=str(other.predictions),
            mend="run the probe of one of them again",
        )
    return values - others


def _corrected(found: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Holm's adjusted p-values, over every comparison that supports a claim."""
    tested = [index for index, each in enumerate(found) if each.effect is not None and each.effect.p is not None]
    adjusted = dict(zip(tested, holm([found[index].effect.p for index in tested]), strict=True))  # type: ignore[union-attr, misc]
    return tuple(replace(each, p_holm=adjusted.get(index)) for index, each in enumerate(found))
