"""`harness table`: the comparison that a grid was made for."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import console, grid_arguments, store_option, submitted
from harness.cli.grids import table_of
from harness.report.render import format_named, formats
from harness.tracking.store import Store


@click.command("table")
@grid_arguments
@store_option
@click.option("--format", "form", type=click.Choice(formats()), default="terminal", show_default=True)
@click.option("--from", "source", type=click.Choice(["runs", "mlflow"]), default="runs", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file.")
def command(grid: Path, words: tuple[str, ...], store: Store, form: str, source: str, output: Path | None) -> None:
    """Print the table of GRID, a grid file or the name of a submitted grid."""
    table = table_of(submitted(grid, words, store), store, source)
    if form == "terminal" and output is None:
        from harness.report.render.terminal import render

        screen = console()
        click.echo(render(table, screen.width, screen.is_terminal), nl=False)
        return
    text = format_named(form).render(table)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
