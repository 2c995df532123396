"""`harness bench memory`: what each loader holds, epoch after epoch."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from harness.cli.bench._pairs import packed_pairs, pairs_options
from harness.cli.bench._shown import show_machine
from harness.cli.common import console


@click.command("memory")
@pairs_options
@click.option("--epochs", default=10, show_default=True, help="How many are measured.")
def command(folder: Path | None, pairs: int, size: int, suffix: str, batch: int, workers: int, epochs: int) -> None:
    """Memory at the end of each of some epochs, for every loader: it must not grow."""
    from harness.bench.memory import growth, over_epochs
    from harness.data.loaders import Loader

    screen = console()
    with tempfile.TemporaryDirectory() as temporary:
        packed = packed_pairs(folder or Path(temporary), pairs, size, suffix)
        for name in Loader.catalogue():
            found = over_epochs(packed, Loader.parse(name), epochs=epochs, global_batch_size=batch)
            ends = f"{found[0].own:.0f} MiB after the first epoch, {found[-1].own:.0f} after the last"
            screen.print(f"{name:10s} {ends}; {growth(found):+.2f} MiB an epoch")
    show_machine(workers)
