"""`harness data pack`: a data set as the files that training reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from harness.cli.common import console, store_option
from harness.cli.data._given import data_arguments, given
from harness.data.beton.make import beton
from harness.data.datasets import Dataset
from harness.data.pack import pack
from harness.errors import ConfigError
from harness.tracking.store import Store

GB = 1e9


@click.command("pack")
@data_arguments
@click.option(
    "--format",
    "form",
    type=click.Choice(["raw", "beton"]),
    default="raw",
    show_default=True,
    help="raw: an array a modality, which every run packs by itself if it is not there; beton: also FFCV's one file.",
)
@store_option
def command(data: str, words: tuple[str, ...], form: str, store: Store) -> None:
    """Pack DATA into the store.

    DATA is a kind of data set with its settings, as in `harness data pack nct root=PATH
    size=224`, or a grid file. What is there already is compared with its checksums, byte by byte.
    """
    screen = console()
    for dataset in given(data, words):
        _check_size(dataset)
        path, samples, digest = _packed(screen, dataset, form, store.packs)
        screen.print(f"{path}: {samples} samples, {_num_bytes(path) / GB:.2f} GB, digest {digest}", soft_wrap=True)


def _check_size(dataset: Dataset) -> None:
    if dataset.size == 1:
        raise ConfigError(
            "the size of the packed images is not given",
            where="the command line",
            legal="their side in px, at most that of the files",
            mend="add it, as in size=224",
        )


def _packed(screen: Console, dataset: Dataset, form: str, cache: Path) -> tuple[Path, int, str]:
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bars:
        packed = pack(dataset, cache, verify=True, progress=_bar(bars, "packing"))
        path = beton(packed, verify=True, progress=_bar(bars, "writing")) if form == "beton" else packed.folder
        return path, len(packed), packed.digest


def _bar(bars: Progress, what: str) -> Callable[[int, int], None]:
    task = bars.add_task(what, total=None)
    return lambda done, total: bars.update(task, completed=done, total=total)


def _num_bytes(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
