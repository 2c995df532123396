"""`harness data synth`: a set that the program makes, in the layout of a real one."""

from __future__ import annotations

from pathlib import Path

import click

from harness.config.merge import overridden
from harness.config.read import read
from harness.data.layouts import Layout
from harness.errors import ConfigError


@click.command("synth")
@click.argument("layout", type=click.Choice(sorted(Layout.catalogue())))
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("words", nargs=-1, metavar="[KEY=VALUE]...")
def command(layout: str, folder: Path, words: tuple[str, ...]) -> None:
    """Write a synthetic set into FOLDER.

    `sample` has an effect built in, for the quick start; the others are twins of published
    sets, as in `harness data synth nct FOLDER patches=900 size=64 seed=1`. Their settings stand in
    harness/data/layouts.
    """
    if "=" in folder.name and not folder.exists():
        raise ConfigError(
            f"{str(folder)!r} stands where the folder should: harness data synth LAYOUT FOLDER [KEY=VALUE]...",
            mend="name the folder first",
        )
    made = read(Layout, overridden({"name": layout}, words), "the command line").write(folder)
    click.echo(f"{folder}: {made}")
