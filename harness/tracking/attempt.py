"""One start of a run's process group, and the folder it writes into."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import DiskFullError, HarnessError
from harness.files import NO_ROOM, write_atomic, write_once
from harness.tracking.journal import Entry, Journal, read_journal


class Attempt:
    """An attempt's folder, ``runs/<stage>/<id>/attempts/<n>``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = int(path.name)
        self.journal_path = path / "journal.jsonl"

    def log_path(self, rank: int = 0) -> Path:
        """What a rank printed: `log`, and `log.<rank>` for the others."""
        return self.path / (f"log.{rank}" if rank else "log")

    def journal(self) -> Journal:
        """The journal, opened for appending; rank 0 alone does."""
        return Journal(self.journal_path)

    def entries(self) -> Iterator[Entry]:
        """The journal's entries."""
        return read_journal(self.journal_path)

    def describe(self, provenance: Mapping[str, Any]) -> None:
        """Store where, when and with which code and packages the attempt runs."""
        write_atomic(self.path / "provenance.json", json.dumps(dict(provenance), indent=1, sort_keys=True))

    def provenance(self) -> dict[str, Any]:
        """What `describe` stored; empty where it did not come so far."""
        return _json(self.path / "provenance.json")

    def fail(self, error: BaseException, rank: int) -> None:
        """Record why the attempt ended; the first rank to say so is believed."""
        record = {
            "kind": failure_kind(error),
            "message": str(error) or type(error).__name__,
            "rank": rank,
            "time": time.time(),
            "traceback": "".join(traceback.format_exception(error)),
        }
        write_once(self.path / "failure.json", json.dumps(record, indent=1))

    def failure(self) -> dict[str, Any]:
        """The record of `fail`; empty where the attempt did not fail in words."""
        return _json(self.path / "failure.json")

    def seconds(self) -> float:
        """Wall time from the start to the last sign of life."""
        started = self.provenance().get("started")
        signs = [path.stat().st_mtime for path in (self.journal_path, self.path / "failure.json") if path.exists()]
        return max(0.0, max(signs, default=started) - started) if started else 0.0


def failure_kind(error: BaseException) -> str:
    """The class of a failure, in the words that status and the tables use."""
    if isinstance(error, HarnessError):
        return error.kind
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return DiskFullError.kind
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "out of memory"
    return "code error"


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
