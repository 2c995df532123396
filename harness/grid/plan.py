"""A grid's plan: its runs in the order in which they can be computed, as a value and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from harness.config.grid_file import Resources
from harness.config.plain import to_plain
from harness.config.read import read
from harness.config.table import TableSpec
from harness.errors import StoreError
from harness.files import read_text, write_atomic
from harness.grid.stage import Stage
from harness.tracking.result import FORMAT, refuse_newer

FLOOR = "floor"


@dataclass(frozen=True)
class PlannedRun:
    """One run of a grid.

    Attributes:
        key: ``<stage>/<id>``.
        cell: The id without the seed.
        stage: The stage's name.
        seed: The run's seed.
        settings: The whole resolved configuration, as plain data.
        identity: What was hashed into the id.
        inputs: Keys of the runs that it reads.
        labels: One mapping from axis to label for each cell of the grid that it serves.
        provisional: Whether the id will change once the data are at hand.
    """

    key: str
    cell: str
    stage: str
    seed: int
    settings: Mapping[str, Any]
    identity: Mapping[str, Any]
    inputs: tuple[str, ...]
    labels: tuple[Mapping[str, str], ...]
    provisional: bool = False

    def build(self) -> Stage:
        """The stage that the settings describe."""
        return read(Stage, dict(self.settings), self.key)


@dataclass(frozen=True)
class Plan:
    """A grid's runs in an order in which each comes after those that it reads."""

    grid: str
    title: str
    source: str
    axes: Mapping[str, Sequence[str]]
    runs: tuple[PlannedRun, ...]
    table: TableSpec | None = None
    resources: Mapping[str, Resources] = field(default_factory=dict)

    def of(self, stage: str) -> list[PlannedRun]:
        """The runs of one stage."""
        return [run for run in self.runs if run.stage == stage]

    def stages(self) -> list[str]:
        """The stages, in order."""
        return list(dict.fromkeys(run.stage for run in self.runs))

    def resources_of(self, stage: str) -> Resources:
        """What one job of a stage is given."""
        return self.resources.get(stage, Resources())

    def save(self, folder: Path) -> Path:
        """Write plan.json into the grid's folder; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        plain = {
            "format": FORMAT,
            **{name: getattr(self, name) for name in ("grid", "title", "source")},
            "axes": {name: list(labels) for name, labels in self.axes.items()},
            "runs": [asdict(run) for run in self.runs],
            "table": to_plain(self.table) if self.table else None,
            "resources": {name: to_plain(item) for name, item in self.resources.items()},
        }
        write_atomic(folder / "plan.json", json.dumps(plain, indent=1))
        return folder / "plan.json"

    @classmethod
    def load(cls, path: Path) -> Self:
        """The plan that a file holds.

        Raises:
            StoreError: The file is damaged or was written by a newer version.
        """
        try:
            raw = json.loads(read_text(path))
            refuse_newer(raw, path)
            runs = tuple(PlannedRun(**item | _tuples(item)) for item in raw["runs"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{str(path)!r} is no valid plan: {error}", mend="submit the grid again") from error
        table = read(TableSpec, raw["table"], str(path)) if raw["table"] else None
        resources = {name: read(Resources, item, str(path)) for name, item in raw["resources"].items()}
        return cls(raw["grid"], raw["title"], raw["source"], raw["axes"], runs, table, resources)


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"inputs": tuple(item["inputs"]), "labels": tuple(item["labels"])}


def cells(runs: Sequence[PlannedRun]) -> Iterator[tuple[Mapping[str, str], list[PlannedRun]]]:
    """Runs of one stage grouped by their labels without the seed, in the order of the plan."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[PlannedRun]] = {}
    for run in runs:
        for labels in run.labels:
            place = tuple((name, label) for name, label in labels.items() if name != "seed")
            groups.setdefault((run.stage, place), []).append(run)
    for (_, place), members in groups.items():
        yield dict(place), members


def names(labels: Mapping[str, str]) -> list[str]:
    """Labels as people read them, without the seed; a yes or no goes with its axis."""
    shown = {name: label for name, label in labels.items() if name != "seed"}
    return [f"{name} {label}" if label in ("yes", "no") else label for name, label in shown.items()]
