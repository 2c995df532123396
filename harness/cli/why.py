"""`harness why`: why a run has no result, or how it differs from those that have one."""

from __future__ import annotations

import click

from harness.cli.common import console, headline, store_option
from harness.errors import StoreError
from harness.grid.plan import Plan, PlannedRun
from harness.grid.states import states
from harness.grid.why import neighbours, stale
from harness.tracking.store import Store


@click.command("why")
@click.argument("run")
@store_option
def command(run: str, store: Store) -> None:
    """Say in words why RUN is as it is; RUN is an id, or the beginning of one, of any submitted grid."""
    plan, found = _find(run, store)
    state = states(plan, store)[found.key]
    screen = console()
    screen.print(headline(found.key, f" of grid {plan.grid}: {state.name}"), soft_wrap=True)
    if state.reason:
        screen.print(f"  {state.reason}", markup=False, soft_wrap=True)
    for labels in found.labels:
        screen.print("  serves " + ", ".join(f"{name}={label}" for name, label in labels.items()), soft_wrap=True)
    for key in found.inputs:
        screen.print(f"  reads {key}: {states(plan, store)[key].name}", soft_wrap=True)
    for attempt in store.run(found.key).attempts():
        ending = attempt.failure().get("message", "").split("\n")[0] or "no failure recorded"
        screen.print(f"  attempt {attempt.number}: {attempt.seconds():.0f} s, {ending}", markup=False, soft_wrap=True)
    old = stale(plan, store).get(found.key)
    if old is not None:
        screen.print(f"  stale: {old.key} is the same cell by older code: {'; '.join(old.lines)}", soft_wrap=True)
    for near in neighbours(found, store)[:1]:
        screen.print(f"  nearest finished run: {near.key}, which differs in", soft_wrap=True)
        for line in near.lines:
            screen.print(f"    {line}", markup=False, soft_wrap=True)


def _find(text: str, store: Store) -> tuple[Plan, PlannedRun]:
    """The planned run whose id begins with `text`, and its plan."""
    plans = [Plan.load(store.grid(name) / "plan.json") for name in store.grids()]
    found = {
        run.key: (plan, run)
        for plan in plans
        for run in plan.runs
        if run.key.startswith(text) or run.key.partition("/")[2].startswith(text)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    raise StoreError(
        f"{text!r} fits {len(found)} runs of the submitted grids",
        legal=sorted(found) or [run.key for plan in plans for run in plan.runs][:8],
        mend="give more digits",
    )
