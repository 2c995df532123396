"""The rows of a grid's frame as typed records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.report.printable import printable

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("run", "stage", "cell", "seed", "state", "reason", "hours")
AXIS = "axis."
FLOOR = "floor"
TEXTS = ("stage", "cell", "state", "reason", "evaluation_set", "commit", "revisions", "data", "group_kind")
FLAGS = ("target_in_pair", "at_majority", "synthetic")


@dataclass(frozen=True)
class Run:
    """One planned run and what is known of it.

    Attributes:
        name: `stage/id`, as its folder is named.
        stage: The stage that it belongs to.
        cell: The id of its configuration without the seed.
        seed: Its seed.
        state: "done", "failed", "running", "interrupted", "blocked" or "missing".
        reason: Why it has no result; empty when it is done.
        hours: What it has taken so far, in hours.
        axes: Its place in the grid, as text.
        floor: The floor that it measures ("majority", "histogram", "random encoder"); None for a cell.
        metrics: What it measured, as `split/name`; only finite values.
        target_in_pair: Whether its label was derived from the paired view.
        trained: Whether its encoder trained; None where that is not asked.
        at_majority: Whether its probe names one class.
        evaluation_set: Digest of the samples and labels that it was tested on.
        commit: The code that it ran on.
        revisions: Its components and their revisions, "vicreg 1, linear 2".
        data: Digest of the data set.
        synthetic: Whether the data were made by a program.
        group_kind: What a group is: "region", "patient", "patch" where none is known; empty if not said.
        predictions: Where its predictions lie.
    """

    name: str
    stage: str
    cell: str
    seed: int
    state: str
    reason: str
    hours: float
    axes: Mapping[str, str]
    floor: str | None
    metrics: Mapping[str, float]
    target_in_pair: bool
    trained: bool | None
    at_majority: bool
    evaluation_set: str
    commit: str
    revisions: str
    data: str
    synthetic: bool
    group_kind: str
    predictions: Path | None

    @property
    def done(self) -> bool:
        """Whether it has a result."""
        return self.state == "done"


def read_frame(frame: pd.DataFrame) -> list[Run]:
    """Every row of `frame` as a record, in its order.

    Raises:
        DataError: A column that every frame has is missing.
    """
    names = [str(name) for name in frame.columns]
    for name in REQUIRED:
        if name not in names:
            raise DataError(f"the frame of runs lacks the column {name!r}", legal=names)
    return [_run({str(key): value for key, value in row.items()}) for row in frame.to_dict("records")]


def _run(row: dict[str, Any]) -> Run:
    axes = _axes(row)
    facts: dict[str, Any] = {name: _text(row.get(name)) for name in TEXTS}
    facts |= {name: _flag(row.get(name)) for name in FLAGS}
    trained, path = row.get("trained"), _text(row.get("predictions"))
    return Run(
        **facts,
        name=_text(row["run"]),
        seed=int(row["seed"]),
        hours=0.0 if _absent(row["hours"]) else float(row["hours"]),
        floor=axes.pop(FLOOR, None),
        axes=axes,
        metrics={name: float(value) for name, value in row.items() if "/" in name and _finite(value)},
        trained=None if _absent(trained) else bool(trained),
        predictions=Path(path) if path else None,
    )


def _axes(row: dict[str, Any]) -> dict[str, str]:
    """The axes that apply to a run, with its place on each."""
    values = {name.removeprefix(AXIS): _text(value) for name, value in row.items() if name.startswith(AXIS)}
    return {name: value for name, value in values.items() if value}


def _absent(value: Any) -> bool:
    """Whether a frame's value stands for nothing: None, NaN or pandas' NA."""
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))


def _text(value: Any) -> str:
    return "" if _absent(value) else printable(str(value))


def _flag(value: Any) -> bool:
    return not _absent(value) and bool(value)


def _finite(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)
