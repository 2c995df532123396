"""What several verbs share: options, the store, and how a grid is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from harness.config.grid_file import read_grid_file
from harness.errors import ConfigError
from harness.grid.plan import Plan
from harness.grid.planner import make_plan
from harness.tracking.store import Store

WIDE = 120


def console() -> Console:
    """Where output goes, as it stands: brackets of a path or message are no markup, nor are colons emoji.

    Without a terminal it is plain text, 120 columns wide.
    """
    plain = partial(Console, highlight=False, markup=False, emoji=False)
    screen = plain()
    return screen if screen.is_terminal else plain(width=WIDE, no_color=True)


def headline(name: str, rest: str) -> Text:
    """A line that opens with a name in bold."""
    return Text.assemble((name, "bold"), rest)


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store DIR`, or the variable HARNESS_STORE, or ./store."""
    return click.option(
        "--store",
        "store",
        envvar="HARNESS_STORE",
        default="store",
        show_default=True,
        type=click.Path(file_okay=False, path_type=Path),
        callback=lambda context, option, value: Store(value),
        help="Folder of runs, grids and packed data.",
    )(command)


def grid_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """`GRID [KEY=VALUE]...`: a grid file, and settings laid over it."""
    command = click.argument("words", nargs=-1, metavar="[KEY=VALUE]...")(command)
    return click.argument("grid", type=click.Path(path_type=Path))(command)


def planned(grid: Path, words: Sequence[str], store: Store) -> Plan:
    """The plan of a grid file as it stands now."""
    return make_plan(read_grid_file(grid, words), store.packs, str(grid))


def submitted(grid: Path, words: Sequence[str], store: Store) -> Plan:
    """The plan that was submitted last, under the table of the grid file as it stands now.

    Args:
        grid: A grid file, or the name of a submitted grid.
        words: `key=value`; they reach the table only, since the runs are those submitted.
        store: The store.

    Raises:
        ConfigError: No such grid was submitted into this store.
    """
    if not grid.exists():
        return _by_name(str(grid), store)
    file = read_grid_file(grid, words)
    plan = _by_name(file.grid, store)
    if file.table is not None:
        file.table.check({**plan.axes, "floor": []})
    return replace(plan, table=file.table or plan.table)


def _by_name(name: str, store: Store) -> Plan:
    path = store.grid(name) / "plan.json"
    if name in store.grids():
        return Plan.load(path)
    raise ConfigError(
        f"no grid {name!r} was submitted into {str(store.root)!r}",
        legal=store.grids() or "(none yet)",
        mend="submit it first, with `harness submit FILE`, or name the right --store",
    )
