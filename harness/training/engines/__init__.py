"""Engines: how a module runs over ranks, a file each.

An engine places the module, wraps it, averages its gradients over the ranks and keeps
the optimiser's state, whole on each rank or a share of it. The loop knows one small
object, `Running`, and not which engine made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.config.family import Family

if TYPE_CHECKING:
    from torch import nn

    from harness.distributed.world import World
    from harness.training.engines.running import MakeOptimiser, Running
    from harness.training.precision import Precision


class Engine(Family, package="harness.training.engines"):
    """A way to train one module on several ranks; a member says how.

    Attributes:
        resumes_exactly: Whether a run that is killed and resumed ends with the bits of one
            that was not, on a CPU of the same type with as many threads and ranks.
    """

    resumes_exactly: ClassVar[bool] = False

    def build(self, module: nn.Module, optimiser: MakeOptimiser, world: World, precision: Precision) -> Running:
        """Place a module on its ranks, ready to be trained; every rank calls it at the same time.

        Args:
            module: All that is trained, in one container, the same weights on every rank.
            optimiser: Makes the optimiser from the module's parameters.
            world: The ranks, joined already.
            precision: Of the forward passes, whose context the caller opens.

        Raises:
            ConfigError: The engine cannot carry out the optimiser.
            MissingDependencyError: Its library is not installed.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it runs")
