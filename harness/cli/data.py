"""`harness data`: data sets on disk."""

from __future__ import annotations

from pathlib import Path

import click

from harness.config.merge import overridden
from harness.config.read import read
from harness.data.synthetic import SampleSpec, write_sample


@click.group("data")
def command() -> None:
    """Make data sets."""


@command.command("synth")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("words", nargs=-1, metavar="[KEY=VALUE]...")
def synth(folder: Path, words: tuple[str, ...]) -> None:
    """Write the synthetic sample set into FOLDER; settings are those of SampleSpec, as in patches=300 seed=1."""
    spec = read(SampleSpec, overridden({}, words), "the command line")
    write_sample(folder, spec)
    click.echo(f"{folder}: {spec.patches} synthetic pairs from {spec.regions} regions (no tissue, no patient)")
