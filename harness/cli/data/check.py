"""`harness data check`: what a data set holds, and what is wrong with it."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from harness.cli.common import console, headline
from harness.cli.data._given import data_arguments, given
from harness.data.datasets import Dataset
from harness.data.describe.inspection import Inspection, inspect
from harness.errors import DataError


@click.command("check")
@data_arguments
@click.pass_context
def command(context: click.Context, data: str, words: tuple[str, ...]) -> None:
    """Say what DATA holds and what is wrong.

    DATA is a kind of data set with its settings, as in `harness data check nct root=PATH
    size=224`, or a grid file. Every image is decoded. The exit code is 1 where something is wrong.
    """
    screen = console()
    fine = [_checked(screen, dataset) for dataset in given(data, words)]
    context.exit(0 if all(fine) else 1)


def _checked(screen: Console, dataset: Dataset) -> bool:
    """Check one data set and print what there is to say; returns whether it is fine."""
    try:
        found = _inspected(screen, dataset)
    except DataError as error:
        screen.print(f"wrong: {error}", soft_wrap=True)
        return False
    _show(screen, found)
    return not found.faults


def _inspected(screen: Console, dataset: Dataset) -> Inspection:
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task("reading", total=None)
        return inspect(dataset, lambda done, total: bars.update(task, completed=done, total=total))


def _show(screen: Console, found: Inspection) -> None:
    splits = ", ".join(f"{count} {split}" for split, count in found.splits.items())
    kind = "" if found.group_kind == "patch" else f", {found.groups} {found.group_kind}s"
    screen.print(
        headline(found.name, f": {found.patches} patches, {splits}{kind}{', synthetic' if found.synthetic else ''}"),
        soft_wrap=True,
    )
    screen.print(f"digest {found.digest}", soft_wrap=True)
    screen.print(_modalities(found))
    if found.counts:
        screen.print(_classes(found))
    for line in found.remarks:
        screen.print(f"note: {line}", soft_wrap=True)
    for line in found.faults:
        screen.print(f"wrong: {line}", soft_wrap=True)
    if not found.faults:
        screen.print("nothing is wrong")


def _modalities(found: Inspection) -> Table:
    table = Table("modality", "native size", "patches", box=None, header_style="dim", padding=(0, 1))
    for name, sizes in found.sizes.items():
        for at, (size, count) in enumerate(sizes.items()):
            table.add_row("" if at else name, size, str(count))
    return table


def _classes(found: Inspection) -> Table:
    table = Table("label", "class", *found.splits, box=None, header_style="dim", padding=(0, 1))
    for column in table.columns[2:]:
        column.justify = "right"
    for row in found.counts:
        table.add_row(row.label, row.name, *(str(row.by_split.get(split, 0)) for split in found.splits))
    return table
