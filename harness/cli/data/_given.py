"""How a data set is named on the command line: by its kind and settings, or by a grid file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from harness.config.grid_file import read_grid_file
from harness.config.merge import overridden
from harness.config.read import read
from harness.data.datasets import Dataset
from harness.errors import ConfigError, did_you_mean


def data_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """`DATA [KEY=VALUE]...`: a data set, and its settings."""
    command = click.argument("words", nargs=-1, metavar="[KEY=VALUE]...")(command)
    return click.argument("data")(command)


def given(data: str, words: Sequence[str]) -> list[Dataset]:
    """The data sets that are meant, each once.

    Args:
        data: A kind of data set, whose settings are `words`, or a grid file, over which they are laid.
        words: `key=value`. Without a `size`, a kind of data set takes 1, which every image has.

    Raises:
        ConfigError: There is no such data set or file, or its settings are wrong.
    """
    kinds = sorted(Dataset.catalogue())
    if data in kinds:
        return [read(Dataset, overridden({"name": data, "size": 1}, words), "the command line")]
    path = Path(data)
    if not path.is_file():
        raise ConfigError(
            f"{data!r} is neither a data set nor a grid file",
            where="the command line",
            legal=f"{', '.join(kinds)}, with settings as in root=PATH, or the path of a grid file",
            mend=did_you_mean(data, kinds),
        )
    found: list[Dataset] = []
    for settings in _of_grid(path, words):
        one = read(Dataset, settings, f"{data}: data")
        if one not in found:
            found.append(one)
    if not found:
        raise ConfigError(f"the grid file {data!r} names no data set", legal="a section 'data'", mend="add it")
    return found


def _of_grid(path: Path, words: Sequence[str]) -> Iterator[Any]:
    """The settings of every data set that a grid names: those of its cells, then those of its later stages."""
    file = read_grid_file(path, words)
    stages = [item.settings for item in file.cells()] + [*file.then, *file.floors]
    yield from (settings["data"] for settings in stages if "data" in settings)
