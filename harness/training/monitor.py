"""What the loop tells its surroundings, and the one thing that they may tell it."""

from __future__ import annotations

from collections.abc import Mapping


class Monitor:
    """Listens and says nothing; override what is of interest.

    All but `stop_requested` are called on the first rank alone. A run's journal has the
    same four methods.
    """

    def start(self, step: int) -> None:
        """The attempt begins at `step`: 0, or where a checkpoint stands."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """What was measured, when `step` steps were done."""

    def checkpointed(self, step: int) -> None:
        """A checkpoint on disk covers everything up to `step`."""

    def note(self, text: str, step: int = 0) -> None:
        """A sentence that a reader of the run should see."""

    def stop_requested(self) -> bool:
        """Whether this rank was asked to stop; asked at every log step, on every rank."""
        return False
