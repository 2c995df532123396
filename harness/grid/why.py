"""Why a run has no result, or why its result does not count for a grid any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.config.identity import differences, digest
from harness.grid.plan import Plan, PlannedRun
from harness.tracking.store import Store

NEAR = 4


@dataclass(frozen=True)
class Neighbour:
    """A finished run of the store that is nearly the one asked for.

    Attributes:
        key: Its key.
        lines: Where the two identities differ, `path: theirs > ours`.
    """

    key: str
    lines: tuple[str, ...]


def stale(plan: Plan, store: Store) -> dict[str, Neighbour]:
    """For each run of the plan without a result, the finished run that only revisions separate from it."""
    planned = {run.key: run.identity for run in plan.runs}
    records = dict(_finished(store))
    finished = {_unrevised(record, records): key for key, record in records.items()}
    found = {}
    for run in plan.runs:
        key = finished.get(_unrevised(run.identity, planned))
        if run.key not in records and key is not None:
            found[run.key] = Neighbour(key, tuple(differences(records[key], run.identity)))
    return found


def neighbours(run: PlannedRun, store: Store) -> list[Neighbour]:
    """Finished runs of the same stage, the most alike first, at most a few."""
    others = [
        Neighbour(key, tuple(differences(record, run.identity)))
        for key, record in _finished(store)
        if key != run.key and record.get("name") == run.stage
    ]
    return sorted(others, key=lambda item: len(item.lines))[:NEAR]


def _finished(store: Store) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for folder in store.runs():
        if (folder.path / "result.json").exists():
            yield folder.key, folder.record()["identity"]


def _unrevised(identity: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> str:
    """A digest of an identity without its revisions, the run that it reads standing for its own such digest."""

    def stripped(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: stripped(item) for key, item in value.items() if key != "revision"}
        if isinstance(value, list):
            return [stripped(item) for item in value]
        return _unrevised(known[value], known) if isinstance(value, str) and value in known else value

    return digest(stripped(identity))
