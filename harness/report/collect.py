"""From run folders to the frame: one row for each run in each cell that it serves.

The frame is all that tables, figures and the report know of the runs. Read back from
MLflow it is the same, which a test holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.grid.plan import Plan, PlannedRun
from harness.grid.states import State, states
from harness.tracking.store import Store

if TYPE_CHECKING:
    import pandas as pd

LABEL = "label"
FACTS = ("target_in_pair", "trained", "evaluation_set", "at_majority", "synthetic", "group_kind")


def frame(plan: Plan, store: Store) -> pd.DataFrame:
    """The frame of a plan, from its run folders."""
    return as_frame(rows(plan, store))


def as_frame(found: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame, in the order given, with the same columns in the same order wherever they come from."""
    import pandas as pd

    return pd.DataFrame(list(found)).sort_index(axis=1)


def rows(plan: Plan, store: Store) -> Iterator[dict[str, Any]]:
    """Each run of a plan as plain data, once for each cell that it serves.

    Yields:
        run, stage, cell, seed, state, reason, hours; `axis.NAME` for every axis of the
        grid (None where it does not apply); every metric of the result; the facts that
        tables mark cells by; commit, revisions and data digest; the predictions' path.
    """
    found = states(plan, store)
    identities = {run.key: run.identity for run in plan.runs}
    for run in plan.runs:
        shared = _of_run(run, found[run.key], store, identities)
        for labels in run.labels:
            yield {**shared, **_axes(plan, {**_own_label(run), **labels})}


def _of_run(run: PlannedRun, state: State, store: Store, identities: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    result = state.result
    facts = dict(result.facts) if result else {}
    predictions = result.artifacts.get("predictions") if result else None
    return {
        "run": run.key,
        "stage": run.stage,
        "cell": run.cell,
        "seed": run.seed,
        "state": state.name,
        "reason": state.reason,
        "hours": state.hours,
        **(result.metrics if result else {}),
        **{name: facts.get(name) for name in FACTS},
        "commit": (result.provenance.get("commit") or "") if result else "",
        "revisions": ", ".join(sorted(_revisions(run.identity, identities))),
        "data": str(run.settings.get("data", {}).get("digest") or ""),
        "predictions": str(store.run(run.key).path / predictions.path) if predictions else None,
    }


def _own_label(run: PlannedRun) -> dict[str, str]:
    """The label that a run is tested on, which is its place on that axis where the grid varies it in another stage."""
    label = run.settings.get(LABEL)
    return {LABEL: label} if isinstance(label, str) else {}


def _axes(plan: Plan, labels: Mapping[str, str]) -> dict[str, str | None]:
    names = [*plan.axes, *(name for name in ("floor",) if name not in plan.axes)]
    return {f"axis.{name}": labels.get(name) for name in names if name != "seed"}


def _revisions(value: Any, identities: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """`component revision` for every component of an identity and of the runs that it reads."""
    if isinstance(value, str) and value in identities:
        return _revisions(identities[value], identities)
    if isinstance(value, list):
        return set().union(*(_revisions(item, identities) for item in value), set())
    if not isinstance(value, Mapping):
        return set()
    own = {f"{value['name']} {value['revision']}"} if {"name", "revision"} <= set(value) else set()
    return own.union(*(_revisions(item, identities) for item in value.values()))
