"""The number format of a run's forward and backward passes."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["fp32", "bf16"]


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """The context of a forward pass.

    fp32 leaves every tensor as it is (so a module in float64 stays so). bf16 runs
    convolutions and dense layers in bfloat16 with the weights kept in float32; it needs no
    loss scale. Objectives leave the context by themselves: their differences of
    near-equal sums need float32 or better.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
