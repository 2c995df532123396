"""The pairs that benchmarks of loaders measure on, and the options that say how many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.data.packed import PackedSet


def pairs_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every benchmark of loaders."""
    for option in (
        click.option("--folder", type=click.Path(path_type=Path), help="Where pairs and packs stay; else they go."),
        click.option("--pairs", default=2000, show_default=True, help="Synthetic pairs, two colour images each."),
        click.option("--size", default=224, show_default=True, help="Side of the images in px."),
        click.option("--suffix", default=".jpg", show_default=True, type=click.Choice([".jpg", ".png", ".tif"])),
        click.option("--batch", default=128, show_default=True, help="Pairs of a batch."),
        click.option("--workers", default=2, show_default=True, help="Processes or threads of each way."),
    ):
        function = option(function)
    return function


def packed_pairs(folder: Path, pairs: int, size: int, suffix: str) -> PackedSet:
    """The synthetic pairs, written and packed where they are not there yet."""
    from harness.bench.pairs import written_pairs
    from harness.data.pack import pack

    return pack(written_pairs(folder, pairs, size, suffix), folder / "packs")
