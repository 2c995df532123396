"""`harness data labels`: how many patches each class has, as the paper's Table S2 counts them."""

from __future__ import annotations

import click
from rich.table import Table

from harness.cli.common import console, headline
from harness.cli.data._given import data_arguments, given
from harness.data.describe.tally import ClassCount, tally
from harness.data.manifest import Manifest
from harness.data.published import TABLE_S2

SPLITS = ("train", "test")
REMARK = (
    "the paper's numbers sum to 99,968, the 781 batches of 128 that it trains on, and to 7,177: one ADI, one MUC and "
    "one TUM fewer than the published test set has"
)


@click.command("labels")
@data_arguments
def command(data: str, words: tuple[str, ...]) -> None:
    """Count the patches of each class.

    Beside them stand the paper's numbers (Table S2) where it has them. DATA is a kind of data
    set with its settings, as in `harness data labels nct root=PATH`, or a grid file.
    """
    screen = console()
    for dataset in given(data, words):
        manifest = dataset.read() if dataset.nuclei is None else dataset.manifest()
        kind = ", synthetic" if manifest.synthetic else ""
        screen.print(headline(manifest.name, f": {len(manifest)} patches{kind}"), soft_wrap=True)
        if not manifest.labels:
            screen.print("no labels")
            continue
        published = TABLE_S2.get(manifest.name, {})
        screen.print(_table(manifest, published))
        if published:
            screen.print(REMARK, soft_wrap=True)


def _table(manifest: Manifest, published: dict[str, dict[str, tuple[int, int]]]) -> Table:
    splits = [split for split in ("train", "val", "test") if split in manifest.splits or split in SPLITS]
    paper = [f"paper {split}" for split in SPLITS] if published else []
    table = Table("label", "class", *splits, *paper, box=None, header_style="dim", padding=(0, 1))
    for column in table.columns[2:]:
        column.justify = "right"
    for row in tally(manifest):
        counts = [f"{row.by_split.get(split, 0):,}" for split in splits]
        table.add_row(row.label, row.name, *counts, *(_paper(row, published) if published else []))
    return table


def _paper(row: ClassCount, published: dict[str, dict[str, tuple[int, int]]]) -> list[str]:
    counts = published.get(row.label, {}).get(row.name)
    return ["", ""] if counts is None else [f"{count:,}" for count in counts]
