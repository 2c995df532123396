"""Memory for a batch: a tensor like any other, given back when it is gone."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
import torch

from harness.data.augment.ops.memory import LARGE, empty

CPU = torch.device("cpu")
SHAPES = [(0, 3, 8, 8), (2, 3, 8, 8), (LARGE // 4 - 1,), (LARGE // 4,), (16, 3, 160, 160)]


def resident() -> int:
    """Bytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_tensor_that_is_written_and_read(shape: tuple[int, ...]) -> None:
    x = empty(shape, CPU)
    assert (x.shape, x.dtype, x.device.type) == (shape, torch.float32, "cpu")
    assert x.is_contiguous()
    assert x.numel() == x.fill_(0.5).eq(0.5).sum()
    assert torch.equal(x.clone().mul_(2), torch.ones(shape))


def test_no_two_share_memory_and_it_outlives_its_names() -> None:
    kept = [empty((LARGE,), CPU).fill_(n)[:10] for n in range(4)]
    assert [part.unique().item() for part in kept] == [0, 1, 2, 3]


def test_memory_is_given_back() -> None:
    empty((4 * LARGE,), CPU).fill_(1.0)
    before = resident()
    for _ in range(20):
        empty((4 * LARGE,), CPU).fill_(1.0)
    assert resident() < before + 16 * LARGE


def test_it_can_be_trained_on() -> None:
    x = empty((LARGE // 4,), CPU).fill_(2.0).requires_grad_()
    (x * x).sum().backward()
    assert x.grad is not None
    assert x.grad.unique().item() == 4.0


def test_a_system_without_large_pages_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmap, "MADV_HUGEPAGE", -1)
    assert empty((LARGE,), CPU).fill_(3.0).sum() == 3.0 * LARGE
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE")
    assert empty((LARGE,), CPU).fill_(3.0).sum() == 3.0 * LARGE


def test_other_devices_have_their_own() -> None:
    assert empty((LARGE,), torch.device("meta")).device.type == "meta"
