"""A benchmark's rows as a table, and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from rich.table import Table

from harness.cli.common import console

if TYPE_CHECKING:
    from harness.bench.turns import Compared

LIBRARIES = (
    "torch",
    "torchvision",
    "numba",
    "ffcv",
    "nvidia-dali-cuda130",
    "deepspeed",
    "lightly",
    "stable-pretraining",
    "pillow",
)


def show(title: str, rows: Sequence[Compared], missing: Mapping[str, str]) -> None:
    """Print a table of ways, and why others were left out."""
    screen = console()
    table = Table(title=title, title_justify="left", box=None)
    for name in ("", "pairs/s", "CPU-s per 1,000", "ratio", "", "CPU ratio", "beside"):
        table.add_column(name, justify="left" if name in ("", "beside") else "right")
    for row in rows:
        spread = f"({row.ratios[0]:.2f} to {row.ratios[1]:.2f})"
        cells = (f"{row.pairs_per_s:,.0f}", f"{row.cpu_s_per_1000:.2f}", f"{row.ratio:.2f}", spread)
        table.add_row(row.name, *cells, f"{row.cpu_ratio:.2f}", row.beside)
    screen.print(table)
    for name, reason in missing.items():
        screen.print(f"left out: {name}: {reason}")
    screen.print()


def show_machine(threads: int) -> None:
    """Print cores, threads, load and versions."""
    found = [f"{name} {_version(name)}" for name in LIBRARIES if _version(name)]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    console().print(f"{os.cpu_count()} cores, {threads} threads, load {load}, Python {platform.python_version()}")
    console().print(", ".join(found))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
