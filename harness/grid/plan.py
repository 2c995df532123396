"""From a grid file to its runs: every stage resolved, ids taken, what is shared joined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from harness.config.axes import label_of, product
from harness.config.grid_file import OWN_KEYS, GridFile, Resources, read_axes
from harness.config.identity import short_id
from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.config.table import TableSpec
from harness.errors import ConfigError, HarnessError, StoreError, did_you_mean
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


def make_plan(grid: GridFile, cache: Path, source: str) -> Plan:
    """Resolve a grid.

    Args:
        grid: The grid file.
        cache: Where data digests are kept, `Store.packs`.
        source: The file's path, for errors and provenance.

    Raises:
        ConfigError: A stage, setting, axis or table that cannot be carried out.
    """
    return _Planner(grid, cache, source).plan()


class _Planner:
    """Resolves the stages of one grid file in turn, joining runs of equal id."""

    def __init__(self, grid: GridFile, cache: Path, source: str) -> None:
        self.grid, self.cache, self.source = grid, cache, source
        self.runs: dict[str, PlannedRun] = {}
        self.stages: dict[str, Stage] = {}
        self.axes: dict[str, list[str]] = {}

    def plan(self) -> Plan:
        """The whole plan."""
        first = [self._first(cell.labels, cell.settings) for cell in self.grid.cells()]
        if not first:
            raise ConfigError("the grid has no cells", where=self.source, mend="loosen `exclude`")
        for index, entry in enumerate(self.grid.then):
            self._then(entry, f"{self.source}: then.{index}")
        for index, entry in enumerate(self.grid.floors):
            self._floor(entry, first[0], f"{self.source}: floors.{index}")
        self._check_stage_names()
        if self.grid.table:
            self.grid.table.check({**self.axes, FLOOR: []})
        runs = tuple(self.runs.values())
        title = self.grid.title or self.grid.grid
        return Plan(self.grid.grid, title, self.source, self.axes, runs, self.grid.table, self.grid.resources)

    def _first(self, labels: Mapping[str, str], settings: Mapping[str, Any]) -> str:
        kind = stage_kind(self.grid.stage, f"{self.source}: stage")
        return self._add(kind, settings, labels, self.source, also_legal=OWN_KEYS)

    def _then(self, entry: Mapping[str, Any], where: str) -> None:
        name, of, axes, settings = _parts(entry, self.grid.stage, where)
        kind = stage_kind(name, where)
        read_runs = [run for run in self.runs.values() if run.stage == of]
        if not read_runs:
            raise ConfigError(
                f"{name!r} reads the stage {of!r}, which no earlier entry declares",
                where=where,
                legal=sorted({run.stage for run in self.runs.values()}),
            )
        for run in read_runs:
            for cell in product(settings, read_axes(axes)):
                followed = kind.follow(cell.settings, self.stages[run.key], run.key)
                for labels in run.labels:
                    self._add(kind, followed, {**labels, **cell.labels}, where)

    def _floor(self, entry: Mapping[str, Any], first: str, where: str) -> None:
        if not self.grid.then:
            raise ConfigError("a floor is the last `then` stage on features not learnt", where=where, mend="add `then`")
        name, _, axes, settings = _parts(self.grid.then[-1], self.grid.stage, where)
        kind = stage_kind(name, where)
        own = {key: value for key, value in entry.items() if key not in ("label", "seeds")}
        label = str(entry.get("label", label_of(entry.get("features", name))))
        for cell in product({**settings, **own}, read_axes(axes)):
            for seed in entry.get("seeds", [0]):
                beside = kind.beside({**cell.settings, "seed": seed}, self.stages[first])
                self._add(kind, beside, {**cell.labels, FLOOR: label, "seed": str(seed)}, where)

    def _add(
        self,
        kind: type[Stage],
        settings: Mapping[str, Any],
        labels: Mapping[str, str],
        where: str,
        also_legal: Iterable[str] = (),
    ) -> str:
        """Resolve one run, join it with an equal one, and return its key."""
        _check_keys(kind, settings, where, also_legal)
        stage = read(kind, kind.settle(settings), where)
        pinned = self._checked(stage, where)
        run = _planned(pinned or stage, labels, pinned is None, self.runs)
        self.stages[run.key] = pinned or stage
        known = self.runs.get(run.key)
        self.runs[run.key] = _joined(known, run) if known else run
        self._note_labels(labels)
        return run.key

    def _checked(self, stage: Stage, where: str) -> Stage | None:
        """The stage with its data pinned, None where they are not at hand; what is wrong is said with its place."""
        try:
            stage.check(self.grid.resources.get(stage.name, Resources()).ranks)
            return stage.pinned(self.cache)
        except HarnessError as error:
            error.at(where)
            raise

    def _note_labels(self, labels: Mapping[str, str]) -> None:
        for name, label in labels.items():
            seen = self.axes.setdefault(name, [])
            if label not in seen and not (name == "seed" and FLOOR in labels):
                seen.append(label)

    def _check_stage_names(self) -> None:
        names = {run.stage for run in self.runs.values()}
        for name in self.grid.resources:
            if name not in names:
                raise ConfigError(
                    f"no stage {name!r} in this grid", where=f"{self.source}: resources", legal=sorted(names)
                )


def stage_kind(name: str, where: str) -> type[Stage]:
    """The class of a stage by its name.

    Raises:
        ConfigError: No stage has that name.
    """
    catalogue = Stage.catalogue()
    if name not in catalogue:
        raise ConfigError(f"unknown stage {name!r}", where=where, legal=catalogue, mend=did_you_mean(name, catalogue))
    return catalogue[name]


def _parts(entry: Mapping[str, Any], first: str, where: str) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    """A `then` entry's stage, the stage it reads, its axes and its settings."""
    if "stage" not in entry:
        raise ConfigError("this entry names no stage", where=where, mend="add `stage: probe`")
    settings = {key: value for key, value in entry.items() if key not in ("stage", "of", "axes")}
    return str(entry["stage"]), str(entry.get("of", first)), dict(entry.get("axes", {})), settings


def _check_keys(kind: type[Stage], settings: Mapping[str, Any], where: str, also_legal: Iterable[str]) -> None:
    legal = [*kind.model_fields, *kind.short_forms(), *also_legal]
    for key in settings:
        if key not in legal:
            raise ConfigError(f"unknown key {key!r}", where=where, legal=sorted(legal), mend=did_you_mean(key, legal))


def _planned(stage: Stage, labels: Mapping[str, str], provisional: bool, runs: Mapping[str, PlannedRun]) -> PlannedRun:
    """A run among those planned before it; one that reads a provisional run is provisional itself."""
    below = [runs[key] for key in stage.inputs() if key in runs]
    return PlannedRun(
        key=stage.key(),
        cell=_cell(identity(stage), below),
        stage=stage.name,
        seed=stage.seed,
        settings=to_plain(stage),
        identity=identity(stage),
        inputs=stage.inputs(),
        labels=(dict(labels),),
        provisional=provisional or any(run.provisional for run in below),
    )


def _cell(own: Mapping[str, Any], below: Sequence[PlannedRun]) -> str:
    """The id without the seed, of the run itself and of those that it reads, so that seeds of one cell agree."""
    unseeded = {name: value for name, value in own.items() if name != "seed"}
    return short_id(_swapped(unseeded, {run.key: run.cell for run in below}))


def _swapped(value: Any, names: Mapping[str, str]) -> Any:
    """Plain data with each text that is a key of `names` replaced."""
    if isinstance(value, Mapping):
        return {key: _swapped(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_swapped(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _joined(known: PlannedRun, run: PlannedRun) -> PlannedRun:
    added = tuple(labels for labels in run.labels if labels not in known.labels)
    return replace(known, labels=known.labels + added)


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
