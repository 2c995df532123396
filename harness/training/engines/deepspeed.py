"""Optimiser states, and with stage 2 gradients too, shared out over the ranks, by DeepSpeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from harness.training.engines import Engine

if TYPE_CHECKING:
    from torch import nn

    from harness.distributed.world import World
    from harness.training.engines.running import MakeOptimiser, Running
    from harness.training.precision import Precision


class DeepSpeed(Engine, name="deepspeed"):
    """DeepSpeed's ZeRO ("ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", 2020).

    Each rank keeps the optimiser's state for its share of the weights, updates them, and
    gets the others' by a gather. Weights lie in one row of memory, so that convolutions have
    no layout with the channels last here. On one rank there is nothing to share out, and the
    module is trained as it is.

    Attributes:
        zero_stage: 1 shares out the optimiser's state, 2 the gradients too.
    """

    resumes_exactly: ClassVar[bool] = True

    zero_stage: Literal[1, 2] = 1

    def build(self, module: nn.Module, optimiser: MakeOptimiser, world: World, precision: Precision) -> Running:
        """See `Engine.build`.

        Raises:
            ConfigError: The optimiser is not one that updates each number by itself.
            MissingDependencyError: DeepSpeed is not installed.
        """
        from harness.training.engines.running.deepspeed import check_installed
        from harness.training.engines.running.replicas import Replicas
        from harness.training.engines.running.shards import Shards

        check_installed(world.device)
        if world.size == 1:
            return Replicas(module, optimiser, world, channels_last=False)
        return Shards(module, optimiser, world, precision, self.zero_stage)
