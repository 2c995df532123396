"""The commonest type: nuclei are counted, ties go to the lowest number, their share is told."""

from __future__ import annotations

import numpy as np

from harness.data.nuclei.label import commonest, tie_rate

COUNTS = np.array([[1, 5, 2], [0, 0, 0], [3, 3, 1], [0, 2, 2], [7, 0, 0]])


def test_commonest() -> None:
    assert commonest(COUNTS).tolist() == [1, -1, 0, 1, 0]


def test_ties_among_the_patches_with_nuclei() -> None:
    assert tie_rate(COUNTS) == 0.5
    assert tie_rate(COUNTS[1:2]) == 0.0
