"""The loop's own clock: for reading, never part of what a run yields."""

from __future__ import annotations

import time


class Clock:
    """Steps a second since the last reading.

    Args:
        done: Steps done when the clock starts.
    """

    def __init__(self, done: int) -> None:
        self._done, self._at = done, time.perf_counter()

    def rate(self, done: int) -> float:
        """Steps a second since the start or the last call, when `done` steps are done."""
        now = time.perf_counter()
        rate = (done - self._done) / max(now - self._at, 1e-9)
        self._done, self._at = done, now
        return rate
