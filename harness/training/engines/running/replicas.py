"""Module and optimiser whole on each rank, which average their gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from harness.distributed.world import World
from harness.training.engines.running import MakeOptimiser, Running
from harness.training.random_state import kept


class Replicas(Running):
    """DistributedDataParallel, or the module as it is on one rank.

    One container with one forward pass a step. No `static_graph`: with it, gradients are
    summed in another order after a resume.

    Args:
        module: What is trained.
        optimiser: Makes its optimiser.
        world: The ranks.
        channels_last: Whether the weights of convolutions get the channels-last layout.
        bucket_cap_mb: Portions in which gradients are averaged, in MB.
    """

    def __init__(
        self,
        module: nn.Module,
        optimiser: MakeOptimiser,
        world: World,
        *,
        channels_last: bool = True,
        bucket_cap_mb: int = 25,
    ) -> None:
        place(module, world, channels_last)
        model = module
        if world.size > 1:
            model = DistributedDataParallel(module, gradient_as_bucket_view=True, bucket_cap_mb=bucket_cap_mb)
        super().__init__(module, model, optimiser(module.parameters()))
        self._world = world

    def rehearse(self, loss: Callable[[], Tensor]) -> None:
        """One forward and backward pass that leaves no trace.

        DistributedDataParallel sorts gradients into buckets by the order of the first
        backward pass, and from three ranks on the buckets decide the order in which they are
        summed. Without this pass the first step after a resume would be summed in another
        order than the same step of a run that went on, and differ in its last bits.
        """
        if self._world.size == 1:
            return
        buffers = [buffer.clone() for buffer in self.module.buffers()]
        with kept(self._world.device):
            self.backward(loss())
        self.module.zero_grad(set_to_none=True)
        with torch.no_grad():
            for buffer, before in zip(self.module.buffers(), buffers, strict=True):
                buffer.copy_(before)

    def backward(self, loss: Tensor) -> None:
        """See `Running.backward`."""
        loss.backward()  # type: ignore[no-untyped-call]

    def gradient_norm(self) -> Tensor:
        """See `Running.gradient_norm`."""
        return torch.nn.utils.get_total_norm([p.grad for p in self.module.parameters() if p.grad is not None])

    def _step(self) -> None:
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """See `Running.tensors`."""
        for name, parameter in self.module.named_parameters():
            yield name, parameter.detach()
            for key, value in self.optimiser.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    yield f"{key} of {name}", value
        yield from self.module.named_buffers()

    def state(self) -> dict[str, Any]:
        """See `Running.state`."""
        return {"model": self.module.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `Running.restore`."""
        self.module.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])


def place(module: nn.Module, world: World, channels_last: bool) -> None:
    """Move a module to this rank's device, in one of the layouts that convolutions can have."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    module.to(device=world.device, memory_format=layout)  # type: ignore[call-overload]
