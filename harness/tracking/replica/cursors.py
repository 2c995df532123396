"""What the syncer remembers between passes, in one JSON file for each grid.

It only saves work. What MLflow has is found again by the runs' tags, and what is sent
twice is stored once, so a file that is lost, old or of another store costs a longer pass
and nothing else.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.files import write_atomic
from harness.tracking.replica.replay import Cursor
from harness.tracking.replica.spec import RUNNING

FORMAT = 1
SAVE_EVERY_S = 2.0


@dataclass(frozen=True)
class Record:
    """What was last written to an MLflow run.

    Attributes:
        id: MLflow's id of the run.
        digest: Of everything that was written beside the journal.
        status: The status set.
        ended: The end set, in milliseconds since 1970.
        cursor: How far the journals were replayed.
    """

    id: str
    digest: str
    status: str = RUNNING
    ended: int | None = None
    cursor: Cursor = field(default_factory=Cursor)


class Cursors:
    """Records by the key of a run, cell or grid.

    Args:
        path: The file.
        token: The experiment's; records of another one are dropped.
    """

    def __init__(self, path: Path, token: str) -> None:
        self._path, self._token = path, token
        self._records = _load(path, token)
        self._saved = time.monotonic()
        self.visited: set[str] = set()

    def get(self, key: str) -> Record | None:
        """The record of `key`, which is visited by this."""
        self.visited.add(key)
        return self._records.get(key)

    def put(self, key: str, record: Record) -> None:
        """Keep a record; now and then all are saved."""
        self._records[key] = record
        if time.monotonic() - self._saved > SAVE_EVERY_S:
            self.save()

    def drop(self, key: str) -> None:
        """Forget a record."""
        self._records.pop(key, None)

    def unvisited(self) -> dict[str, Record]:
        """Records that nobody asked for in this pass."""
        return {key: record for key, record in self._records.items() if key not in self.visited}

    def save(self) -> None:
        """Write the file, whole or not at all."""
        plain = {key: asdict(record) for key, record in self._records.items()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path, json.dumps({"format": FORMAT, "token": self._token, "records": plain}))
        self._saved = time.monotonic()


def _load(path: Path, token: str) -> dict[str, Record]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if (raw["format"], raw["token"]) != (FORMAT, token):
            return {}
        return {key: _record(item) for key, item in raw["records"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _record(item: dict[str, Any]) -> Record:
    return Record(**{**item, "cursor": Cursor(**item["cursor"])})
