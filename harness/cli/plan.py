"""`harness plan`: what a grid would run, what is there already, and what the rest would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from harness.cli.common import console, grid_arguments, headline, planned, store_option
from harness.grid.plan import FLOOR, Plan, PlannedRun, cells
from harness.grid.price import Bill, bill
from harness.grid.states import DONE, MISSING, RUNNING, State, counts, states
from harness.grid.why import Neighbour, stale
from harness.tracking.store import Store


@click.command("plan")
@grid_arguments
@store_option
@click.option("--runs", is_flag=True, help="List every run with its id.")
def command(grid: Path, words: tuple[str, ...], store: Store, runs: bool) -> None:
    """Show the runs of GRID: their ids, what is shared, what is there, what the rest would cost."""
    plan = planned(grid, words, store)
    found = states(plan, store)
    old = stale(plan, store)
    screen = console()
    screen.print(_headline(plan, found), soft_wrap=True)
    screen.print(_runs_table(plan, found) if runs else _cells_table(plan, found, old))
    for line in _footer(plan, found, old):
        screen.print(line, soft_wrap=True)


def _headline(plan: Plan, found: Mapping[str, State]) -> Text:
    stages = ", ".join(f"{len(plan.of(stage))} {stage}" for stage in plan.stages())
    shared = sum(len(run.labels) > 1 for run in plan.runs)
    has = ", ".join(f"{number} {name}" for name, number in counts(found).items())
    return headline(plan.grid, f": {stages}; {has}" + (f"; {shared} shared between cells" if shared else ""))


def _cells_table(plan: Plan, found: Mapping[str, State], old: Mapping[str, Neighbour]) -> Table:
    """One line for each cell of the grid, its seeds together."""
    axes = [name for name in plan.axes if name != "seed"]
    table = Table("stage", *axes, "runs", "state", "why", box=None, header_style="dim", padding=(0, 1))
    for labels, runs in cells(plan.runs):
        state = ", ".join(
            f"{number} {_word(name)}" for name, number in counts({r.key: found[r.key] for r in runs}).items()
        )
        table.add_row(
            runs[0].stage, *(labels.get(name, "") for name in axes), _ids(runs), state, _why(runs, found, old)
        )
    return table


def _word(state: str) -> str:
    return "to run" if state == MISSING else state


def _ids(runs: Sequence[PlannedRun]) -> str:
    more = f" +{len(runs) - 1}" if len(runs) > 1 else ""
    return runs[0].key.partition("/")[2] + more


def _why(runs: Sequence[PlannedRun], found: Mapping[str, State], old: Mapping[str, Neighbour]) -> str:
    reasons = [f"stale: {'; '.join(old[run.key].lines[:2])}" for run in runs if run.key in old]
    reasons += [found[run.key].reason for run in runs if found[run.key].name not in (DONE, MISSING)]
    shared = any(len(run.labels) > 1 for run in runs)
    return "; ".join(dict.fromkeys(reasons)) or ("shared" if shared else "")


def _runs_table(plan: Plan, found: Mapping[str, State]) -> Table:
    table = Table("run", "labels", "reads", "state", box=None, header_style="dim", padding=(0, 1))
    for run in plan.runs:
        labels = " | ".join(" ".join(f"{k}={v}" for k, v in item.items()) for item in run.labels)
        table.add_row(run.key, labels, " ".join(run.inputs), found[run.key].name)
    return table


def _footer(plan: Plan, found: Mapping[str, State], old: Mapping[str, Neighbour]) -> list[str]:
    to_run = [run for run in plan.runs if found[run.key].name not in (DONE, RUNNING)]
    lines = [_cost(bill(plan.runs, found, to_run), len(to_run))] if to_run else ["nothing to run"]
    if any(run.provisional for run in plan.runs):
        lines.append(
            "the data are not at hand: ids are provisional, and will change when they are (set data.root=PATH)"
        )
    floors = sum(FLOOR in labels for run in plan.runs for labels in run.labels)
    if floors:
        lines.append(f"{floors} of the cells' runs are floors: what a table reader needs to compare with")
    return lines


def _cost(price: Bill, number: int) -> str:
    how = (
        f"{price.measured} priced by finished runs like them"
        if price.measured
        else "no run like these has finished here"
    )
    assumed = f", {price.assumed} by an assumed rate" if price.assumed else ""
    hours = f"{price.hours:.1f} h" if price.hours >= 1 else f"{price.hours * 60:.1f} min"
    disk = f"{_size(price.live_bytes)} on disk while they run, {_size(price.final_bytes)} after"
    return f"to run: {number} runs, {hours} one after the other ({how}{assumed}); {disk}"


def _size(number: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.1f} {unit}"
    return f"{number} B"
