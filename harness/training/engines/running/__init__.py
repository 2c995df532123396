"""A module as an engine runs it, whole on each rank or with its optimiser's state shared out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

MakeOptimiser = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


class Running(ABC):
    """The object through which the loop trains. Every rank calls each method at the same time.

    Attributes:
        module: What is trained; it holds the weights at all times.
        model: What forward passes call: the module, or what wraps it.
        optimiser: Holds the learning rate, and the state of all weights or of a share of them.
    """

    def __init__(self, module: nn.Module, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        self.module, self.model, self.optimiser = module, model, optimiser

    @abstractmethod
    def rehearse(self, loss: Callable[[], Tensor]) -> None:
        """What the engine must do with some batch before an attempt's first step, leaving no trace.

        Args:
            loss: Runs a forward pass.
        """

    @abstractmethod
    def backward(self, loss: Tensor) -> None:
        """Leave the mean over ranks of the gradients for the next step."""

    @abstractmethod
    def gradient_norm(self) -> Tensor:
        """The norm of the mean gradient as a scalar, the same on every rank; between `backward` and `step`."""

    def step(self, lr: float) -> None:
        """Move the weights by the gradients, and forget the gradients."""
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        self._step()

    @abstractmethod
    def _step(self) -> None:
        """See `step`; the learning rate is set."""

    @abstractmethod
    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Weights and buffers by name, and what the optimiser keeps of each weight, whole on every rank."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The module's and the whole optimiser's state, as torch's own optimiser gives it."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave, under whatever number of ranks.

        Raises:
            RuntimeError: It is of another module.
            ValueError: It is of another optimiser.
        """
