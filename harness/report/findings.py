"""What stands beneath a table's cells: its effects, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.evaluation.effect import Effect
from harness.report.marks import Mark

SIGNIFICANT = 0.05
"""The share of tables without an effect in which one may be claimed."""


@dataclass(frozen=True)
class Comparison:
    """One effect that was asked for: a treatment against a control, all else equal.

    Attributes:
        axis: The axis that is changed.
        treatment: Its value in the treatment.
        control: Its value in the control.
        where: The other axes with their values.
        metric: What is compared.
        effect: What was found; None where nothing could be compared.
        p_holm: Its p-value among all effects of the table, by Holm; None where no claim is supported.
        marks: What a reader must know of the two cells.
        reason: Why nothing could be compared.
        expect: "positive", "none", or None.
    """

    axis: str
    treatment: str
    control: str
    where: Mapping[str, str]
    metric: str
    effect: Effect | None
    p_holm: float | None
    marks: tuple[Mark, ...]
    reason: str
    expect: str | None

    @property
    def detected(self) -> bool | None:
        """Whether there is an effect, at 5 % for the whole table; None where that cannot be said."""
        return None if self.p_holm is None else self.p_holm < SIGNIFICANT

    @property
    def as_expected(self) -> bool | None:
        """Whether it is as the grid file said beforehand; None where it said nothing or nothing can be said."""
        if self.expect is None or self.detected is None or self.effect is None:
            return None
        return not self.detected if self.expect == "none" else self.detected and self.effect.difference > 0


@dataclass(frozen=True)
class EvaluationSet:
    """What was tested on: how many samples, in how many groups, and what a group is ("regions")."""

    digest: str
    num_samples: int
    num_groups: int
    units: str


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        states: How many runs are in each state, upstream stages included.
        hours: What the runs with a result took together.
        hours_without_result: What the others have taken.
        commits: The code that ran.
        data: Digests of the data.
        sets: The evaluation sets.
        mixed: Components that stand in the table with more than one revision, "linear 1 and 2".
        synthetic: Whether any data were made by a program.
    """

    states: Mapping[str, int]
    hours: float
    hours_without_result: float
    commits: tuple[str, ...]
    data: tuple[str, ...]
    sets: tuple[EvaluationSet, ...]
    mixed: tuple[str, ...]
    synthetic: bool
