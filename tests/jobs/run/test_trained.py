"""The loss that the verdict looks at is that of the last epoch's steps, each counted once."""

from __future__ import annotations

import pytest

from harness.tracking.journal import Entry
from jobs.run.trained import last_epoch


def history(*windows: list[float]) -> list[Entry]:
    """The entries of a run whose every step had a loss of its own, logged in these windows."""
    entries, step = [], 0
    for window in windows:
        step += len(window)
        entries.append(Entry(0.0, "metrics", step, {"train/loss": sum(window) / len(window)}))
    return entries


def test_a_short_last_window_does_not_decide() -> None:
    entries = history([9.0] * 10, [4.0, 5.0, 6.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0], [1.0, 1.0])
    assert last_epoch(entries, "train/loss", 12) == pytest.approx((10 * 5.0 + 2 * 1.0) / 12)


def test_an_entry_that_reaches_into_the_epoch_counts_whole() -> None:
    entries = history([9.0] * 4, [6.0] * 4, [3.0] * 4)
    assert last_epoch(entries, "train/loss", 5) == pytest.approx(4.5)
    assert last_epoch(entries, "train/loss", 4) == pytest.approx(3.0)


def test_a_run_shorter_than_an_epoch() -> None:
    assert last_epoch(history([2.0], [4.0, 4.0, 4.0]), "train/loss", 100) == pytest.approx(3.5)
