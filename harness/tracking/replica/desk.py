"""What the parts of one pass share: the client, the experiment, the cursors, and how a run is found again."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from harness.errors import HarnessError
from harness.tracking.replica.client import Client, Experiment, Known
from harness.tracking.replica.cursors import Cursors, Record

KEY, KIND, ORDER, ORPHANED = "harness.key", "harness.kind", "harness.order", "harness.orphaned"
RUN_ID, CELL, REACH = "harness.run_id", "harness.cell", "harness.reach"
OWNED = ("harness.", "fact.", "axis.")


class DamagedError(HarnessError):
    """A run folder that cannot be replicated; the others are."""

    kind = "bad store"


class Desk:
    """One pass over one grid.

    Args:
        client: The store.
        experiment: The grid's.
        cursors: What earlier passes left.
        fresh: Whether this pass made the experiment, so that nothing can be in it.
    """

    def __init__(self, client: Client, experiment: Experiment, cursors: Cursors, fresh: bool) -> None:
        self.client, self.experiment, self.cursors = client, experiment, cursors
        self.damaged: list[str] = []
        self._fresh = fresh

    @cached_property
    def _index(self) -> dict[str, Known]:
        runs = [] if self._fresh else self.client.runs(self.experiment.id)
        return {run.tags[KEY]: run for run in runs if KEY in run.tags}

    def find(self, key: str) -> Known | None:
        """What MLflow has under `key`: by the id on record, or else by its tag."""
        record = self.cursors.get(key)
        known = self.client.run(record.id) if record else None
        return known or self._index.get(key)

    def unchanged(self, key: str, digest: str) -> Record | None:
        """The record of what has ended and is written down just as it is now."""
        record = self.cursors.get(key)
        return record if record and record.ended is not None and record.digest == digest else None


def digest_of(*values: Any) -> str:
    """A short hash of plain values."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever is wrong with a run folder's files becomes one error that names the run."""
    try:
        yield
    except (HarnessError, OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedError(f"{what}: {(str(error).splitlines() or [type(error).__name__])[0]}") from error
