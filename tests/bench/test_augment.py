"""The augmentation's benchmark: that each way does its work and is told apart; how fast is for a machine at rest."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.bench.augment import USUAL, measure, ours, threads_of_torch, usual
from harness.data.augment.ops import backend


def patches(count: int = 3, side: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_every_form_is_measured_beside_the_usual_way() -> None:
    pytest.importorskip("numba")
    rows = measure(patches(), global_batch_size=4, batches=1, rounds=3)
    assert [(row.name, row.beside) for row in rows] == [(form, name) for form in ("torch", "numba") for name in USUAL]
    assert all(row.cpu_s_per_1000 > 0 and row.cpu_ratio > 0 for row in rows)


def test_without_numba_torch_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.bench.augment.installed", lambda: False)
    monkeypatch.setattr(backend, "installed", lambda: False)
    assert [row.name for row in measure(patches(), global_batch_size=4, batches=1, rounds=1)] == ["torch", "torch"]


def test_ways_count_their_pairs() -> None:
    assert list(ours(patches(), "torch", global_batch_size=5, batches=3)()) == [5, 5, 5]
    assert list(usual(patches(), True, global_batch_size=5, batches=2)()) == [5, 5]


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with threads_of_torch(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
