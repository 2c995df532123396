"""A run's journal: one JSON object a line, appended while the run goes on.

A line is flushed when it is written and fsynced at checkpoints: flushing costs
about a microsecond, an fsync a quarter of a millisecond. A line that a crash cut
off is no line. Kinds of entry:

- ``start``: an attempt begins at ``step`` (0, or that of the checkpoint it goes on from), of ``values["steps"]``;
- ``metrics``: ``values`` by name at ``step``, the number of optimiser steps done;
- ``checkpoint``: everything up to ``step`` is safe;
- ``note``: a sentence for the reader, such as a checkpoint that had to be passed over.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from harness.files import naming_full_disk


@dataclass(frozen=True)
class Entry:
    """One line of a journal.

    Attributes:
        time: Seconds since 1970, as the run's machine saw it.
        kind: start, metrics, checkpoint or note.
        step: Optimiser steps done.
        values: Metrics by name; empty for the other kinds.
        text: The sentence of a note.
        end: Where the line ends in the file, in bytes: a cursor to go on from.
    """

    time: float
    kind: str
    step: int
    values: Mapping[str, float] = field(default_factory=dict)
    text: str = ""
    end: int = 0


class Journal:
    """Appends to a journal; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with naming_full_disk(path):
            self._file = open(path, "ab")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with naming_full_disk(self._path):
            self._file.close()

    def start(self, step: int, steps: int = 0) -> None:
        """The attempt begins, or goes on, at `step` of `steps`; 0 where there is nothing to count."""
        self._append({"kind": "start", "step": step, "values": {"steps": steps}})
        self.sync()

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """What was measured when `step` steps were done."""
        self._append({"kind": "metrics", "step": step, "values": dict(values)})

    def checkpointed(self, step: int) -> None:
        """A checkpoint covers everything up to `step`; the journal itself is made durable first."""
        self._append({"kind": "checkpoint", "step": step})
        self.sync()

    def note(self, text: str, step: int = 0) -> None:
        """A sentence that a reader of the run should see."""
        self._append({"kind": "note", "step": step, "text": text})

    def sync(self) -> None:
        """Make what was written durable."""
        with naming_full_disk(self._path):
            os.fsync(self._file.fileno())

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps({"t": round(time.time(), 3), **entry}, separators=(",", ":"))
        with naming_full_disk(self._path):
            self._file.write(line.encode() + b"\n")
            self._file.flush()


def read_journal(path: Path, start: int = 0) -> Iterator[Entry]:
    """The whole lines of a journal from byte `start` on; what is torn or no entry is passed over."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        end = file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            if (entry := _entry(line, end)) is not None:
                yield entry


def _entry(line: bytes, end: int) -> Entry | None:
    try:
        raw = json.loads(line)
        return Entry(raw["t"], raw["kind"], raw["step"], raw.get("values", {}), raw.get("text", ""), end)
    except (ValueError, KeyError, TypeError):
        return None
