"""`harness bench objectives`: time and memory of a loss, beside the D x D form and other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.table import Table

from harness.cli.bench._shown import show_machine
from harness.cli.common import console

if TYPE_CHECKING:
    from harness.bench.objectives import Cost


@click.command("objectives")
@click.option("--rows", multiple=True, type=int, default=[128], show_default=True, help="N, as often as wanted.")
@click.option("--width", default=8192, show_default=True, help="D, the embeddings' length.")
@click.option("--threads", default=1, show_default=True, help="Threads of each way.")
@click.option("--rounds", default=3, show_default=True, help="Turns of each way.")
def command(rows: Sequence[int], width: int, threads: int, rounds: int) -> None:
    """VICReg and Barlow Twins, forward and backward: ours beside the D x D form, lightly and stable-pretraining."""
    from harness.bench.objectives import measure

    costs, missing = measure(sizes=tuple(rows), width=width, threads=threads, rounds=rounds)
    screen = console()
    screen.print(_table(costs))
    for name, reason in missing.items():
        screen.print(f"left out: {name}: {reason}")
    show_machine(threads)


def _table(costs: Sequence[Cost]) -> Table:
    table = Table(box=None)
    for name in ("objective", "beside"):
        table.add_column(name)
    for name in ("N", "ours, ms", "its, ms", "its / ours", "", "CPU, its / ours", "ours, MiB", "its, MiB"):
        table.add_column(name, justify="right")
    for cost in costs:
        spread = f"({cost.pace.ratios[0]:.0f} to {cost.pace.ratios[1]:.0f})"
        times = (
            f"{cost.ms:.0f}",
            f"{cost.ms_beside:.0f}",
            f"{cost.pace.ratio:.1f}",
            spread,
            f"{cost.pace.cpu_ratio:.1f}",
        )
        memory = (f"{cost.mib:.0f}", f"{cost.mib_beside:.0f}")
        table.add_row(cost.objective, cost.pace.beside, str(cost.num_rows), *times, *memory)
    return table
