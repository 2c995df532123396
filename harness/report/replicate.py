"""A grid as its replica in MLflow is handed it: cells, runs, what people filter by, and a description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.config.identity import canonical
from harness.grid.plan import Plan, PlannedRun, cells, names
from harness.report.collect import rows
from harness.tracking.replica import ReplicaCell, ReplicaGrid, ReplicaRun
from harness.tracking.store import Store


def replica_of(plan: Plan, store: Store, tables: Mapping[str, Path], description: str) -> ReplicaGrid:
    """What the syncer is given.

    Args:
        plan: The grid's plan.
        store: Where its runs lie.
        tables: Files to attach, by name.
        description: Markdown, shown above the runs.
    """
    places = [(run.key, _place(labels)) for run in plan.runs for labels in run.labels]
    found = dict(zip(places, rows(plan, store), strict=True))
    config, submitted = store.grid(plan.grid) / "grid.yaml", store.grid(plan.grid) / "plan.json"
    return ReplicaGrid(
        name=plan.grid,
        description=description,
        config_text=config.read_text(encoding="utf-8") if config.exists() else "",
        tables=tables,
        submitted=submitted.stat().st_mtime if submitted.exists() else None,
        cells=[_cell(plan, store, labels, runs, found) for labels, runs in cells(plan.runs)],
    )


def _place(labels: Mapping[str, str]) -> str:
    """The labels of a run, whatever its seed, as a key."""
    return canonical({name: label for name, label in labels.items() if name != "seed"})


def _cell(
    plan: Plan,
    store: Store,
    labels: Mapping[str, str],
    runs: Sequence[PlannedRun],
    found: Mapping[tuple[str, str], Mapping[str, Any]],
) -> ReplicaCell:
    members = [_run(store, run, labels, found[run.key, _place(labels)]) for run in runs]
    name = " · ".join([runs[0].stage, *names(labels)])
    return ReplicaCell(runs[0].cell, runs[0].stage, name, labels, members)


def _run(store: Store, run: PlannedRun, labels: Mapping[str, str], row: Mapping[str, Any]) -> ReplicaRun:
    tags = {"stage": run.stage, "commit": str(row["commit"]), **run.build().tags()}
    return ReplicaRun(store.run(run.key), run.seed, labels, dict(_flat(run.settings)), tags, row)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """A resolved configuration as dotted keys."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{index}")
    else:
        yield path, str(value)
