"""The training loop's reports, in the run's journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.grid.work import Work
from harness.training.monitor import Monitor


class Journalling(Monitor):
    """Writes what the loop says; a stop is asked for by the worker's flag.

    Args:
        work: This rank's part in the attempt; the first rank's has the journal.
        num_steps: Of the whole run.
        beside: Figures that are written beside the loop's own, given the steps done.
    """

    def __init__(
        self, work: Work, num_steps: int, beside: Callable[[int], Mapping[str, float]] = lambda done: {}
    ) -> None:
        self._work, self._num_steps, self._beside = work, num_steps, beside

    def start(self, step: int) -> None:
        """See `Monitor.start`."""
        assert self._work.journal is not None
        self._work.journal.start(step, self._num_steps)

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """See `Monitor.metrics`."""
        assert self._work.journal is not None
        self._work.journal.metrics(step, {**values, **self._beside(step)})

    def checkpointed(self, step: int) -> None:
        """See `Monitor.checkpointed`."""
        assert self._work.journal is not None
        self._work.journal.checkpointed(step)

    def note(self, text: str, step: int = 0) -> None:
        """See `Monitor.note`."""
        assert self._work.journal is not None
        self._work.journal.note(text, step)

    def stop_requested(self) -> bool:
        """See `Monitor.stop_requested`."""
        return self._work.stop()
