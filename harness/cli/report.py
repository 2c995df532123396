"""`harness report`: one HTML page with a grid's table, loss curves and sample pairs."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import console, grid_arguments, store_option, submitted
from harness.cli.grids import table_of
from harness.files import write_atomic
from harness.report.html import page
from harness.report.pictures import pictures
from harness.tracking.store import Store


@click.command("report")
@grid_arguments
@store_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="In the grid's folder by default.")
def command(grid: Path, words: tuple[str, ...], store: Store, output: Path | None) -> None:
    """Write the report of GRID: a page that needs nothing else and opens from disk."""
    plan = submitted(grid, words, store)
    path = output or store.grid(plan.grid) / "report.html"
    about = [plan.title] if plan.title != plan.table.title else []  # type: ignore[union-attr]
    write_atomic(path, page(table_of(plan, store), about, pictures(plan, store)))
    console().print(f"{path}", soft_wrap=True)
