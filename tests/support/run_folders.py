"""Run folders as jobs leave them, made through the tracking API without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.tracking.attempt import Attempt
from harness.tracking.journal import Journal
from harness.tracking.result import Artifact, Result
from harness.tracking.run_folder import RunFolder

CLOCK = 1_700_000_000.0


@dataclass
class MadeRun:
    """A run folder under construction; its clock advances by a second for every entry.

    Attributes:
        folder: The folder.
        now: What its clock shows, in seconds since 1970.
    """

    folder: RunFolder
    now: float = CLOCK
    _attempt: Attempt | None = field(default=None)

    @classmethod
    def at(cls, store: Path, key: str, now: float = CLOCK) -> MadeRun:
        """A run with a configuration and no attempt."""
        made = cls(RunFolder(store / "runs" / key), now)
        made.folder.create({"name": key}, {"seed": 0})
        return made

    def begin(self, step: int = 0) -> MadeRun:
        """Start an attempt that goes on from `step`."""
        self._attempt = self.folder.new_attempt()
        self._attempt.describe({"started": self.now, "commit": "c0ffee"})
        return self._write(lambda journal: journal.start(step, 1000))

    def train(self, first: int, last: int, every: int = 10, **extra: float) -> MadeRun:
        """Journal metrics at every `every`-th step from `first` to `last`."""
        for step in range(first, last + 1, every):
            self.metrics(
                step, {"train/loss": 1 / (step + self.now % 7), "rate/pairs_per_second": 100.0 + step, **extra}
            )
        return self

    def metrics(self, step: int, values: Mapping[str, float]) -> MadeRun:
        """Journal one entry."""
        return self._write(lambda journal: journal.metrics(step, values))

    def checkpoint(self, step: int) -> MadeRun:
        """Journal that a checkpoint covers `step`."""
        return self._write(lambda journal: journal.checkpointed(step))

    def fail(self, error: Exception) -> MadeRun:
        """End the attempt with an error."""
        assert self._attempt is not None
        self._attempt.fail(error, 0)
        return self

    def finish(self, metrics: Mapping[str, float], predictions: bytes | None = None) -> MadeRun:
        """Publish a result."""
        assert self._attempt is not None
        self.now += 1
        artifacts = {}
        if predictions is not None:
            path = self._attempt.path / "predictions.parquet"
            path.write_bytes(predictions)
            artifacts["predictions"] = Artifact(str(path.relative_to(self.folder.path)), "0" * 64)
        provenance = self._attempt.provenance()
        number = self._attempt.number
        self.folder.publish(Result(self.folder.key, number, metrics, {}, artifacts, 5.0, self.now, provenance))
        return self

    @property
    def journal_path(self) -> Path:
        """The journal of the present attempt."""
        assert self._attempt is not None
        return self._attempt.journal_path

    def _write(self, what: Any) -> MadeRun:
        assert self._attempt is not None
        self.now += 1
        with self._attempt.journal() as journal:
            _set_clock(journal, self.now)
            what(journal)
        return self


def _set_clock(journal: Journal, now: float) -> None:
    """Let entries carry the made run's time: the moment is all that differs from what `Journal` writes."""
    append = journal._append

    def stamped(entry: dict[str, Any]) -> None:
        append({**entry, "t": now})

    journal._append = stamped  # type: ignore[method-assign]
