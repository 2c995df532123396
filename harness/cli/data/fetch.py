"""`harness data fetch`: the public sets, downloaded into the layout that each is read in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.cli.common import console
from harness.data.fetch import nct
from harness.data.fetch.archive import unpack
from harness.data.fetch.conic import require_conic
from harness.data.fetch.download import download, user_cache
from harness.data.fetch.hemit import SOURCE, make_hemit

SETS = ("nct", "nct-nonorm", "crc-val", "hemit", "conic")


@click.command("fetch")
@click.argument("name", metavar="SET", type=click.Choice(SETS))
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--cache", type=click.Path(path_type=Path), help="Where downloads are kept; by default the user's cache.")
@click.option("--mirror", help="Take the files from another address, under the names that they have where published.")
def command(name: str, folder: Path | None, cache: Path | None, mirror: str | None) -> None:
    """Fetch SET (nct, nct-nonorm, crc-val, hemit or conic) into FOLDER, by default data/SET.

    A download that breaks off goes on where it stopped, in a later call as well. Without a
    network the error says which file to put where.
    """
    target = folder or Path("data", name)
    screen = console()
    if name == "conic":
        require_conic(target)
    elif name == "hemit":
        _hemit(screen, target, cache or user_cache(), mirror or SOURCE)
    else:
        _nct(screen, name, target, cache or user_cache(), mirror or nct.RECORD)
    screen.print(f"{target}: whole. Next: harness data check {_kind(name)} root={target}", soft_wrap=True)


def _nct(screen: Console, name: str, target: Path, cache: Path, base: str) -> None:
    for folder in nct.SETS[name]:
        if (target / folder).exists():
            continue
        remote = nct.archive_of(folder, base)
        screen.print(f"{remote.url} to {cache}", soft_wrap=True)
        with _bars(screen, in_bytes=True) as bars:
            archive = download(remote, cache, _bar(bars, f"fetching {folder}"))
        with _bars(screen, in_bytes=False) as bars:
            unpack(archive, Path(folder), target / folder, _bar(bars, f"unpacking {folder}"))


def _hemit(screen: Console, target: Path, cache: Path, base: str) -> None:
    screen.print(f"{base} to {cache / 'hemit'}", soft_wrap=True)
    with _bars(screen, in_bytes=False) as bars:
        make_hemit(target, cache / "hemit", base, progress=_bar(bars, "patches"))


def _bars(screen: Console, in_bytes: bool) -> Progress:
    amount = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn())
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def _bar(bars: Progress, what: str) -> Callable[[int, int], None]:
    task = bars.add_task(what, total=None)
    return lambda done, total: bars.update(task, completed=done, total=total or None)


def _kind(name: str) -> str:
    """The data set that reads what was fetched, with the settings that it needs."""
    return {"nct-nonorm": "nct training=NCT-CRC-HE-100K-NONORM", "crc-val": "nct training=null"}.get(name, name)
