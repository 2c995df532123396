"""Batch normalisation over the global batch: the statistics of all ranks, on any device and in float64.

Synchronised statistics are part of the paper's definition of its runs, and torch's
`SyncBatchNorm` refuses CPU tensors. With one rank, and in evaluation mode, the
native batch norm runs. With more, each pass has one small collective: forward, a
gather of every rank's (mean, M2, count); backward, a sum of two vectors.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable
from torch.nn.modules.batchnorm import _BatchNorm

from harness.distributed.collectives import all_ranks, sum_over_ranks, world_size


@dataclass(frozen=True)
class Moments:
    """Statistics of each of C channels over the batch and positions of all ranks, float32 or better.

    Attributes:
        mean: The mean, C.
        variance: The biased variance, which normalises, C.
        count: How many values a channel has, over all ranks; a scalar tensor.
    """

    mean: Tensor
    variance: Tensor
    count: Tensor

    @property
    def unbiased(self) -> Tensor:
        """The variance that the running statistics follow."""
        return self.variance * (self.count / (self.count - 1))


class GlobalBatchNorm(_BatchNorm):
    """What the layers below share: a drop-in for a native layer, with the same state, statistics over all ranks.

    Ranks may hold different numbers of rows, at least one each. The running
    statistics come out bit-equal on every rank.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The normalised x; of its own type and memory format."""
        if not self.training or world_size() == 1:
            return super().forward(x)
        self._check_input_dim(x)  # type: ignore[no-untyped-call]
        moments = global_moments(x.detach())
        if self.track_running_stats:
            self._track(moments)
        wide = moments.mean.dtype
        weight_C = moments.mean.new_ones(self.num_features) if self.weight is None else self.weight.to(wide)
        bias_C = moments.mean.new_zeros(self.num_features) if self.bias is None else self.bias.to(wide)
        return self.finish(_Normalise.apply(x, weight_C, bias_C, moments, self.eps))

    def finish(self, y: Tensor) -> Tensor:
        """What the layer does after normalising; a layer with an activation overrides it."""
        return y

    @torch.no_grad()
    def _track(self, moments: Moments) -> None:
        """Move the running statistics as the native layer does; without a momentum they are the mean over batches."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        for running_C, now_C in ((self.running_mean, moments.mean), (self.running_var, moments.unbiased)):
            # The reciprocal stays on the device: reading it would make the host wait.
            share = self.num_batches_tracked.reciprocal() if self.momentum is None else self.momentum
            factor = torch.as_tensor(share, dtype=running_C.dtype, device=running_C.device)
            running_C.lerp_(now_C.to(running_C.dtype), factor)


class GlobalBatchNorm1d(GlobalBatchNorm, nn.BatchNorm1d):
    """`nn.BatchNorm1d` for N x D or N x C x L, over the global batch."""


class GlobalBatchNorm2d(GlobalBatchNorm, nn.BatchNorm2d):
    """`nn.BatchNorm2d` for N x C x H x W, over the global batch."""


def synchronised(module: nn.Module) -> nn.Module:
    """Make every native batch norm in `module` a global one, in place.

    Converted are exactly `nn.BatchNorm1d`, `nn.BatchNorm2d` and timm's
    `BatchNormAct2d`; anything else, their other subclasses too, stays as it is.
    Parameters, buffers, hooks and state-dict keys are untouched, so an optimiser
    that already holds the parameters goes on holding them.

    Args:
        module: Any module, a batch norm itself included; a layer used twice stays one layer.

    Returns:
        The same module.
    """
    counterparts = _counterparts()
    for layer in module.modules():
        layer.__class__ = counterparts.get(type(layer), type(layer))
    return module


def _counterparts() -> dict[type[nn.Module], type[nn.Module]]:
    counterparts: dict[type[nn.Module], type[nn.Module]] = {
        nn.BatchNorm1d: GlobalBatchNorm1d,
        nn.BatchNorm2d: GlobalBatchNorm2d,
    }
    if "timm.layers" in sys.modules:  # without it no module can hold timm's layer, and importing it takes seconds
        from harness.distributed.batch_norm_act import BatchNormAct2d, GlobalBatchNormAct2d

        counterparts[BatchNormAct2d] = GlobalBatchNormAct2d
    return counterparts


def global_moments(x: Tensor) -> Moments:
    """Each channel's statistics over all ranks, combined by Chan's formula in the order of the ranks.

    The mean and the sum of squared deviations of each rank come from torch's own
    kernel and are combined in float64, from the gathered values, so that every rank
    gets the same bits. Chan, Golub and LeVeque, "Updating formulae and a pairwise
    algorithm for computing sample variances", 1979.
    """
    channels, wide = x.shape[1], torch.promote_types(x.dtype, torch.float32)
    # The kernel answers in the type of the running statistics that it is given, here two that are thrown away.
    scratch_2C = torch.zeros(2, channels, dtype=wide, device=x.device)
    mean_C, variance_C = torch.batch_norm_update_stats(x, scratch_2C[0], scratch_2C[1], 0.0)
    count = x.numel() // channels
    row = torch.cat([mean_C.double(), variance_C.double() * count, mean_C.new_full((1,), count, dtype=torch.float64)])
    mean_WC, squares_WC, count_W1 = torch.split(all_ranks(row), [channels, channels, 1], dim=1)
    total = count_W1.sum()
    mean_C = (count_W1 * mean_WC).sum(0) / total
    squares_C = (squares_WC + count_W1 * (mean_WC - mean_C).square()).sum(0)
    return Moments(mean_C.to(wide), (squares_C / total).to(wide), total.to(wide))


class _Normalise(Function):
    """(x - mean) / sqrt(variance + eps) * weight + bias, its backward through the statistics of all ranks too.

    With g the gradient that arrives, u the normalised x and s the standard deviation:
    dx = weight / s (g - mean(g) - u mean(g u)), the means over all ranks. The native
    backward with fixed statistics gives the rank's sums of g and of g u.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight_C: Tensor, bias_C: Tensor, moments: Moments, eps: float) -> Tensor:
        ctx.save_for_backward(x, weight_C, moments.mean, moments.variance, moments.count)
        ctx.eps = eps
        return nn.functional.batch_norm(x, moments.mean, moments.variance, weight_C, bias_C, False, 0.0, eps)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        x, weight_C, mean_C, variance_C, count = ctx.saved_tensors
        _, grad_weight_C, grad_bias_C = torch.ops.aten.native_batch_norm_backward(
            grad, x, weight_C, mean_C, variance_C, None, None, False, ctx.eps, [False, True, True]
        )
        inverse_C = (variance_C + ctx.eps).rsqrt()
        sum_g_C, sum_gu_C = sum_over_ranks(torch.cat([grad_bias_C, grad_weight_C])).chunk(2)
        factor_C = weight_C * inverse_C
        slope_C = -factor_C * inverse_C * sum_gu_C / count
        offset_C = -factor_C * sum_g_C / count - slope_C * mean_C
        grad_x = _per_channel(grad, factor_C, offset_C).add_(_per_channel(x, slope_C, torch.zeros_like(slope_C)))
        return grad_x, grad_weight_C, grad_bias_C, None, None


def _per_channel(x: Tensor, factor_C: Tensor, offset_C: Tensor) -> Tensor:
    """factor x + offset, by the kernel that evaluation uses: several times as fast as broadcasting over channels."""
    zeros_C, ones_C = torch.zeros_like(factor_C), torch.ones_like(factor_C)
    return nn.functional.batch_norm(x, zeros_C, ones_C, factor_C, offset_C, False, 0.0, 0.0)
