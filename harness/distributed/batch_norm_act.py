"""timm's batch norm with a dropout and an activation behind it, over the global batch.

In a file of its own, so that timm is imported only where a model already uses it.
"""

from __future__ import annotations

from timm.layers import BatchNormAct2d
from torch import Tensor, nn

from harness.distributed.batch_norm import GlobalBatchNorm

__all__ = ["BatchNormAct2d", "GlobalBatchNormAct2d"]


class GlobalBatchNormAct2d(GlobalBatchNorm, BatchNormAct2d):  # type: ignore[misc]
    """`timm.layers.BatchNormAct2d` over the global batch; its own `drop` and `act` follow."""

    drop: nn.Module
    act: nn.Module

    def finish(self, y: Tensor) -> Tensor:
        """timm's order: the dropout, then the activation."""
        activated: Tensor = self.act(self.drop(y))
        return activated
