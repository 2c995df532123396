"""Whether two states have the same bits."""

from __future__ import annotations

from typing import Any

import torch


def assert_bit_equal(one: Any, other: Any, where: str = "state") -> None:
    """Compare nested dictionaries and lists of tensors and numbers, naming the place where they differ."""
    assert type(one) is type(other), where
    if isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype, where
        assert torch.equal(one, other), where
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_bit_equal(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_bit_equal(a, b, f"{where}[{index}]")
    else:
        assert one == other, where
