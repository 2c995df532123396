"""The ledger of a grid's submissions: an intent is on disk before anything starts.

One JSON object a line, fsynced, in ``grids/<name>/ledger.jsonl``:

- ``intent``: a token, and the runs that a job is about to compute;
- ``submitted``: the launcher's job id for that token;
- ``ended``: how the job ended, as the launcher saw it.

Whether a run succeeded is not read from here but from its folder.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.files import naming_full_disk
from harness.tracking.result import FORMAT


class Ledger:
    """Appends to, and reads, one grid's ledger."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.jsonl"

    def intend(self, launcher: str, runs: Sequence[str]) -> str:
        """Record that a job is about to start; returns its token, which is part of the job's name."""
        token = uuid.uuid4().hex[:10]
        self._append(kind="intent", token=token, launcher=launcher, runs=list(runs))
        return token

    def submitted(self, token: str, job: str) -> None:
        """Record the launcher's id of the job."""
        self._append(kind="submitted", token=token, job=job)

    def ended(self, token: str, how: str) -> None:
        """Record how the job ended."""
        self._append(kind="ended", token=token, how=how)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every whole line, the first one first."""
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)

    def _append(self, **entry: Any) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"format": FORMAT, "t": round(time.time(), 3), **entry})
        with naming_full_disk(self.path), open(self.path, "ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
