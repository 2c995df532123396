"""Collectives over the ranks, with gradients: the one place that wraps them.

Without a process group there is one rank and each of these is the identity. The
backward of `gather_rows` and `sum_over_ranks` adds up what every rank's loss sends
back, so with losses L_r that satisfy mean_r L_r = L, DDP's mean over ranks is the
gradient of L as one process would have it. Half-precision gradients are added in
float32. A second derivative through them is refused, not silently wrong.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

HALF = (torch.float16, torch.bfloat16)


def world_size() -> int:
    """The ranks of the default process group; 1 without one."""
    return dist.get_world_size() if _has_group() else 1


def rank() -> int:
    """This process's rank in the default process group; 0 without one."""
    return dist.get_rank() if _has_group() else 0


def own_rows(num_global: int) -> slice:
    """The rows of a gathered tensor of `num_global` rows that this rank gave."""
    share = num_global // world_size()
    return slice(rank() * share, (rank() + 1) * share)


def gather_rows(x_nD: Tensor) -> Tensor:
    """Every rank's rows, in the order of the ranks: n x D to N x D with N = n W.

    Differentiable: the backward sums the gradient over ranks and returns this rank's
    rows of it. Every rank must hold the same number of rows.
    """
    return x_nD if world_size() == 1 else cast("Tensor", _GatherRows.apply(x_nD))


def sum_over_ranks(x: Tensor) -> Tensor:
    """The sum of every rank's tensor, on every rank; the backward sums the gradients over ranks."""
    return x if world_size() == 1 else cast("Tensor", _SumOverRanks.apply(x))


def mean_over_ranks(x: Tensor) -> Tensor:
    """The mean of every rank's tensor, without gradient: for what is logged."""
    return x.detach() if world_size() == 1 else _summed(x) / world_size()


def any_over_ranks(flag: bool) -> bool:
    """Whether any rank says yes, the same answer on every rank. Waits for the device."""
    if world_size() == 1:
        return flag
    device = torch.device("cuda", torch.cuda.current_device()) if dist.get_backend() == "nccl" else torch.device("cpu")
    return bool(_summed(torch.tensor(int(flag), dtype=torch.int32, device=device)) > 0)


def all_ranks(row_K: Tensor) -> Tensor:
    """Every rank's vector as a W x K tensor, without gradient: small statistics to combine in the order of ranks."""
    return row_K.unsqueeze(0) if world_size() == 1 else _gathered(row_K.unsqueeze(0))


def _has_group() -> bool:
    return dist.is_available() and dist.is_initialized()


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in HALF else dtype


def _gathered(x_nD: Tensor) -> Tensor:
    out_ND = x_nD.new_empty((x_nD.shape[0] * world_size(), *x_nD.shape[1:]))
    dist.all_gather_into_tensor(out_ND, x_nD.detach().contiguous())
    return out_ND


def _summed(x: Tensor) -> Tensor:
    """A new tensor with the sum over ranks; half precision is added in float32 and rounded once."""
    total = x.detach().to(
        torch.float32 if x.dtype in HALF else x.dtype, copy=True, memory_format=torch.contiguous_format
    )
    dist.all_reduce(total)
    return total.to(x.dtype)


def _own_share_of_sum(x_ND: Tensor) -> Tensor:
    wide_ND = x_ND.to(_wide(x_ND.dtype)).contiguous()
    out_nD = wide_ND.new_empty((x_ND.shape[0] // world_size(), *x_ND.shape[1:]))
    dist.reduce_scatter_tensor(out_nD, wide_ND)
    return out_nD.to(x_ND.dtype)


class _GatherRows(Function):
    @staticmethod
    def forward(ctx: Any, x_nD: Tensor) -> Tensor:
        return _gathered(x_nD)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_ND: Tensor) -> Tensor:
        return _own_share_of_sum(grad_ND)


class _SumOverRanks(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _summed(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return _summed(grad)
