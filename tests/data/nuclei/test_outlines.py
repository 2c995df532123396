"""Outlines to masks: against a loop over pixels, at the tool's scale, overlaps in order."""

from __future__ import annotations

import numpy as np
import pytest

from harness.data.nuclei.outlines import Nucleus, patch_of

SQUARE = np.array([[2, 1], [5, 1], [5, 6], [2, 6]], dtype=np.float64)


def inside(x: float, y: float, corners: np.ndarray) -> bool:
    """Whether a point lies in a polygon, by counting crossings."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            crossings += 1
    return crossings % 2 == 1


def distance(x: float, y: float, corners: np.ndarray) -> float:
    """From a point to the nearest edge of a polygon."""
    found = []
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = np.clip(np.dot([x, y] - one, other - one) / np.dot(other - one, other - one), 0, 1)
        found.append(float(np.hypot(*([x, y] - one - along * (other - one)))))
    return min(found)


def test_a_square_is_filled_with_its_border() -> None:
    patch = patch_of("p", [Nucleus(3, SQUARE)], side=8, scale=1.0)
    expected = np.zeros((8, 8), np.uint8)
    expected[1:7, 2:6] = 3
    assert np.array_equal(patch.mask, expected)
    assert patch.counts.tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("scale", [1.0, 2.0, 1.5])
def test_a_slanted_outline_against_a_loop(scale: float) -> None:
    """Pixels farther than one of the tool's pixels from the outline are told apart without exception."""
    corners = np.array([[9, 3], [33, 11], [28, 36], [5, 24]], dtype=np.float64)
    patch = patch_of("p", [Nucleus(1, corners * scale)], side=40, scale=scale)
    for i in range(40):
        for j in range(40):
            x, y = j + 0.5 - 0.5 / scale, i + 0.5 - 0.5 / scale
            if distance(x, y, corners) > 1.5 / scale:
                assert patch.mask[i, j] == inside(x, y, corners)


def test_later_nuclei_lie_on_earlier_ones_and_all_are_counted() -> None:
    nuclei = [Nucleus(1, SQUARE), Nucleus(2, SQUARE + 1), Nucleus(2, SQUARE + 1), Nucleus(0, SQUARE)]
    patch = patch_of("p", nuclei[:3], side=8, scale=1.0)
    assert patch.mask[3, 4] == 2
    assert patch.mask[1, 2] == 1
    assert patch.counts.tolist() == [1, 2, 0, 0, 0]
    assert patch_of("p", nuclei, side=8, scale=1.0).counts.tolist() == [1, 2, 0, 0, 0]


def test_a_patch_without_nuclei_is_background() -> None:
    patch = patch_of("p", [], side=8, scale=2.0)
    assert not patch.mask.any()
    assert not patch.counts.any()
