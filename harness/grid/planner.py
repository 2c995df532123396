"""From a grid file to its plan: every stage resolved, ids taken, what is shared joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.config.axes import label_of, product
from harness.config.grid_file import OWN_KEYS, GridFile, Resources, read_axes
from harness.config.identity import short_id
from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.errors import ConfigError, HarnessError, did_you_mean
from harness.grid.plan import FLOOR, Plan, PlannedRun
from harness.grid.stage import Stage


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
            self._floor(entry, f"{self.source}: floors.{index}")
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

    def _floor(self, entry: Mapping[str, Any], where: str) -> None:
        if not self.grid.then:
            raise ConfigError("a floor is the last `then` stage on features not learnt", where=where, mend="add `then`")
        name, of, axes, settings = _parts(self.grid.then[-1], self.grid.stage, where)
        kind = stage_kind(name, where)
        first = next(run.key for run in self.runs.values() if run.stage == of)
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
