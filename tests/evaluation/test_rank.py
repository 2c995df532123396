"""The effective rank against cases that are known."""

from __future__ import annotations

import numpy as np
import pytest

from harness.evaluation.rank import effective_rank


def test_rows_on_a_line_have_rank_one() -> None:
    rows = np.outer(np.linspace(-1, 2, 50), np.arange(1, 7)).astype(np.float32)
    assert effective_rank(rows) == pytest.approx(1.0, abs=1e-4)


def test_equal_rows_have_none() -> None:
    assert effective_rank(np.full((20, 8), 3.7, dtype=np.float32)) == 0.0


def test_an_even_cloud_fills_its_space() -> None:
    """A centred orthogonal design: every singular value is the same."""
    rows = np.concatenate([np.eye(6), -np.eye(6)]).astype(np.float32)
    assert effective_rank(rows) == pytest.approx(6.0)


def test_two_directions_of_unequal_spread() -> None:
    """Singular values 3 and 1: entropy of (3/4, 1/4)."""
    rows = np.array([[3, 0], [-3, 0], [0, 1], [0, -1]], dtype=np.float32)
    share = np.array([0.75, 0.25])
    assert effective_rank(rows) == pytest.approx(np.exp(-(share * np.log(share)).sum()))


def test_neither_scale_nor_shift_nor_order_matters() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 5)).astype(np.float32)
    assert effective_rank(rows[::-1] * 7 + 3) == pytest.approx(effective_rank(rows), rel=1e-4)
