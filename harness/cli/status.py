"""`harness status`: what has become of each run, by the run folders."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from harness.cli.common import console, grid_arguments, headline, store_option, submitted
from harness.grid.plan import Plan, cells
from harness.grid.states import BLOCKED, FAILED, INTERRUPTED, counts, states
from harness.tracking.store import Store


@click.command("status")
@grid_arguments
@store_option
def command(grid: Path, words: tuple[str, ...], store: Store) -> None:
    """Show the state of every run of GRID, a grid file or the name of a submitted grid."""
    plan = submitted(grid, words, store)
    found = states(plan, store)
    screen = console()
    tally = ", ".join(f"{number} {name}" for name, number in counts(found).items())
    hours = sum(state.hours for state in found.values())
    screen.print(headline(plan.grid, f": {tally}; {hours * 60:.1f} min of process-group time"), soft_wrap=True)
    screen.print(_table(plan, store))
    for key, state in found.items():
        if state.name in (FAILED, INTERRUPTED, BLOCKED):
            screen.print(f"{key}: {state.reason}\n  harness logs {key}", markup=False, soft_wrap=True)


def _table(plan: Plan, store: Store) -> Table:
    found = states(plan, store)
    axes = [name for name in plan.axes if name != "seed"]
    table = Table("stage", *axes, "states", "steps", "min", box=None, header_style="dim", padding=(0, 1))
    for labels, runs in cells(plan.runs):
        here = {run.key: found[run.key] for run in runs}
        tally = ", ".join(f"{number} {name}" for name, number in counts(here).items())
        steps = max(state.step for state in here.values())
        minutes = sum(state.hours for state in here.values()) * 60
        shown = [labels.get(name, "") for name in axes]
        table.add_row(runs[0].stage, *shown, tally, str(steps) if steps else "", f"{minutes:.1f}")
    return table
