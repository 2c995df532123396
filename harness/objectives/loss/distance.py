"""The mean squared difference of two branches, with a backward pass that holds what it returns and no more."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from harness.objectives.loss.passes import column_blocks


def distance(x_ND: Tensor, y_ND: Tensor) -> Tensor:
    """The mean of (x - y)^2 over rows and dimensions, a float64 scalar; the differences are in their own type."""
    return cast("Tensor", _Distance.apply(x_ND, y_ND))


class _Distance(Function):
    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, y_ND: Tensor) -> Tensor:
        ctx.save_for_backward(x_ND, y_ND)
        if x_ND.device.type != "cpu":
            return (x_ND - y_ND).square_().mean(dtype=torch.float64)
        blocks = column_blocks(*x_ND.shape)
        sums = [(x_ND[:, each] - y_ND[:, each]).square_().sum(dtype=torch.float64) for each in blocks]
        return torch.stack(sums).sum() / x_ND.numel()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x_ND, y_ND = ctx.saved_tensors
        grad_ND = (x_ND - y_ND).mul_(2 * (grad / x_ND.numel()).to(x_ND.dtype))
        return grad_ND, -grad_ND
