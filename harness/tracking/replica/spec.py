"""What a grid looks like to its replica: plain values, handed in by whoever knows the grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.tracking.run_folder import RunFolder

FINISHED, FAILED, KILLED, RUNNING = "FINISHED", "FAILED", "KILLED", "RUNNING"
STATUS = {"done": FINISHED, "failed": FAILED, "interrupted": KILLED}
"""MLflow's word for a run's state; one that is none of these, and has begun, is taken to live."""


@dataclass(frozen=True)
class ReplicaRun:
    """One run in one cell.

    Attributes:
        run: Its folder, which has the journals.
        seed: Its seed.
        labels: Its place in the grid, by axis.
        params: The resolved configuration, flat; what MLflow has of a run's params is never changed.
        tags: What people filter by: commit, objective, encoder, pairing, fraction.
        row: Its row of the grid's frame; `rows` gives back this very row. A key with a slash
            is a metric, `axis.NAME` a label, `predictions` a path, and the rest are facts.
    """

    run: RunFolder
    seed: int
    labels: Mapping[str, str]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    row: Mapping[str, Any]

    @property
    def status(self) -> str:
        """The row's state in MLflow's words."""
        return STATUS.get(str(self.row["state"]), RUNNING)

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers that a finished run found; of any other run there are none yet."""
        if self.status != FINISHED:
            return {}
        return {name: float(value) for name, value in self.row.items() if is_metric(name, value)}


@dataclass(frozen=True)
class ReplicaCell:
    """The runs that differ in their seed alone.

    Attributes:
        cell: The configuration's id without the seed.
        stage: The stage.
        name: As people read it, such as "vicreg · asymmetric · unshared".
        labels: Its place in the grid, by axis.
        runs: Its runs; one run may be in several cells.
    """

    cell: str
    stage: str
    name: str
    labels: Mapping[str, str]
    runs: Sequence[ReplicaRun]

    @property
    def place(self) -> str:
        """What tells this cell from every other of its grid: two may share a configuration."""
        text = json.dumps([self.stage, self.cell, dict(self.labels)], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class ReplicaGrid:
    """A grid, which becomes an experiment.

    Attributes:
        name: The grid's name, and the experiment's.
        description: Markdown, shown above the runs.
        config_text: The grid file.
        tables: Files by the name under which they are attached.
        cells: In the grid's order.
        submitted: Seconds since 1970; the time of the first sync where it is None.
    """

    name: str
    description: str
    config_text: str
    tables: Mapping[str, Path]
    cells: Sequence[ReplicaCell]
    submitted: float | None = None


@dataclass(frozen=True)
class SyncReport:
    """What one pass did.

    Attributes:
        rows: Metric values sent.
        created: MLflow runs made, cells and the grid's own among them.
        seconds: How long it took.
        damaged: A sentence for each run whose folder could not be read in full.
    """

    rows: int = 0
    created: int = 0
    seconds: float = 0.0
    damaged: tuple[str, ...] = field(default=())


def is_metric(name: str, value: object) -> bool:
    """Whether an item of a row is a measured number."""
    return "/" in name and isinstance(value, int | float) and not isinstance(value, bool)
