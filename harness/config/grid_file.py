"""Grid files: one YAML file that declares a set of runs and the table made of them.

The keys of a grid file are those below and, beside them, the settings of its
first stage::

    extends: base.yaml               # another file, laid underneath
    title: What the table is headed with
    stage: pretrain                  # the first stage (the default)
    objective: vicreg                # settings of that stage ...
    axes: {...}                      # what varies (harness.config.axes)
    exclude: [{pair: symmetric, shared_weights: true}]
    include: [{pair: symmetric, objective: ntxent, seed: 7}]
    then:                            # stages that read the runs of the first
      - {stage: probe, axes: {label: [tissue, cell]}}
    floors: [...]                    # the last stage again, on features that nobody learnt
    table: {...}                     # harness.config.table
    resources: {pretrain: {ranks: 2}}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from harness.config.axes import Axis, Cell, cell, check_labels, product, read_axis
from harness.config.base import Config
from harness.config.merge import merged, overridden
from harness.config.read import read
from harness.config.table import TableSpec
from harness.config.yaml import read_file
from harness.errors import ConfigError


class Resources(Config):
    """What one job of a stage is given; nothing here changes a result.

    Attributes:
        ranks: Processes of one run.
        threads: CPU threads of each; None shares the machine's cores among the slots.
        runs_per_job: Runs that one process group computes in turn, which saves start-up.
    """

    ranks: int = Field(default=1, ge=1)
    threads: int | None = Field(default=None, ge=1)
    runs_per_job: int = Field(default=1, ge=1)


class GridFile(Config):
    """A grid file's own keys; `base` holds the first stage's settings."""

    grid: str
    title: str = ""
    stage: str = "pretrain"
    base: dict[str, Any] = Field(default_factory=dict)
    axes: dict[str, Any] = Field(default_factory=dict)
    include: tuple[dict[str, Any], ...] = ()
    exclude: tuple[dict[str, Any], ...] = ()
    then: tuple[dict[str, Any], ...] = ()
    floors: tuple[dict[str, Any], ...] = ()
    table: TableSpec | None = None
    resources: dict[str, Resources] = Field(default_factory=dict)

    def cells(self) -> Iterator[Cell]:
        """The first stage's cells, seeds included: the product, less `exclude`, then `include`.

        Raises:
            ConfigError: A label that an axis does not have, or a cell that stands twice.
        """
        axes = read_axes(self.axes)
        found = [item for item in product(self.base, axes) if not self._excluded(item, axes)]
        for index, labels in enumerate(self.include):
            found.append(self._included(labels, axes, f"include.{index}"))
        seen: list[dict[str, str]] = []
        for item in found:
            if item.labels in seen:
                raise ConfigError(f"the run {dict(item.labels)} stands twice", where="include", mend="remove it there")
            seen.append(dict(item.labels))
        yield from found

    def _excluded(self, item: Cell, axes: Sequence[Axis]) -> bool:
        for index, labels in enumerate(self.exclude):
            wanted = check_labels(labels, axes, f"exclude.{index}")
            if all(item.labels[name] == label for name, label in wanted.items()):
                return True
        return False

    def _included(self, labels: dict[str, Any], axes: Sequence[Axis], where: str) -> Cell:
        known = check_labels(labels, axes, where)
        missing = [axis.name for axis in axes if axis.name not in known]
        if missing:
            raise ConfigError(f"no value for axis {missing[0]!r}", where=where, mend="name one value of every axis")
        return cell(self.base, axes, known)


OWN_KEYS = tuple(name for name in GridFile.model_fields if name != "base")


def read_axes(axes: dict[str, Any]) -> list[Axis]:
    """Every axis of a mapping from names to values."""
    return [read_axis(name, values) for name, values in axes.items()]


def read_grid_file(path: Path, words: Sequence[str] = ()) -> GridFile:
    """A grid file with `key=value` words of the command line laid over.

    Raises:
        ConfigError: The file is missing or no YAML, or one of its own keys is wrong. The
            stages' settings are checked when the grid is planned.
    """
    settings = overridden(_extended(path, ()), words)
    own = {key: settings[key] for key in OWN_KEYS if key in settings}
    base = {key: value for key, value in settings.items() if key not in own}
    return read(GridFile, {"grid": path.stem, **own, "base": base}, str(path))


def _extended(path: Path, children: tuple[Path, ...]) -> dict[str, Any]:
    """The file's settings over those of the file that it extends."""
    if path.resolve() in children:
        raise ConfigError(f"{str(path)!r} extends itself", where=str(children[-1]), mend="break the circle")
    settings = read_file(path)
    if not isinstance(settings, dict):
        raise ConfigError(f"{str(path)!r} holds {settings!r}", legal="a mapping of settings")
    parent = settings.pop("extends", None)
    if parent is None:
        return settings
    below = _extended(path.parent / str(parent), (*children, path.resolve()))
    laid: dict[str, Any] = merged(below, settings)
    return laid
