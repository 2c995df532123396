"""One file a format, found by itself: each module has `render(table) -> str` and the suffix of its files."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Protocol

from harness.errors import ConfigError, did_you_mean
from harness.files import write_atomic
from harness.report.model import Table


class Format(Protocol):
    """What a format's module offers."""

    SUFFIX: str

    def render(self, table: Table) -> str:
        """The table in this format."""


@cache
def formats() -> tuple[str, ...]:
    """The names of all formats, in alphabetical order."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")))


def format_named(name: str) -> Format:
    """A format by its name.

    Raises:
        ConfigError: There is no such format.
    """
    if name not in formats():
        raise ConfigError(f"unknown table format {name!r}", legal=formats(), mend=did_you_mean(name, formats()))
    found: Format = importlib.import_module(f"{__name__}.{name}")
    return found


def render(table: Table, name: str) -> str:
    """`table` in the format of that name; see `format_named`."""
    return format_named(name).render(table)


def write_all(table: Table, folder: Path, stem: str = "table") -> list[Path]:
    """Write `table` in every format, as `folder/stem.<suffix>`, each file whole or not at all.

    Raises:
        DiskFullError: No room.
    """
    paths = [folder / f"{stem}{format_named(name).SUFFIX}" for name in formats()]
    for name, path in zip(formats(), paths, strict=True):
        write_atomic(path, render(table, name))
    return paths
