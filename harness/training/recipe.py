"""What is trained and how: the loop's arguments, frozen values and callables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.training.engines import Engine
from harness.training.engines.ddp import Ddp
from harness.training.precision import Precision
from harness.training.schedule import Schedule

B = TypeVar("B")


@dataclass(frozen=True)
class Task(Generic[B]):
    """What is trained, and on what.

    Attributes:
        module: All that is trained, in one container.
        terms: Given a module to call (it wraps `module`) and a batch: this rank's scalars by
            name, among them ``loss``, which is minimised. Others are only recorded: an
            objective's terms, or a figure for each branch that says which one went astray.
        batches: Given how many steps were done: the batches from there on, this rank's rows
            on this rank's device, for as long as anyone asks. They must be a pure function
            of the step.
        global_batch_size: Samples of a step, over all ranks.
        seed: Of dropout and the like.
    """

    module: nn.Module
    terms: Callable[[nn.Module, B], Mapping[str, Tensor]]
    batches: Callable[[int], Iterator[B]]
    global_batch_size: int
    seed: int = 0


@dataclass(frozen=True)
class Cadence:
    """How often the loop looks up, in steps.

    Attributes:
        log_every: Between readings of the loss terms, which is also when a request to stop is heard.
        checkpoint_every: Between checkpoints, a multiple of `log_every`: only so are the
            metrics of a resumed run those of one that went on.
    """

    log_every: int = 10
    checkpoint_every: int = 500

    def __post_init__(self) -> None:
        if self.log_every < 1 or self.checkpoint_every < 1 or self.checkpoint_every % self.log_every:
            near = max(1, round(self.checkpoint_every / max(1, self.log_every))) * max(1, self.log_every)
            raise ConfigError(
                f"checkpoints every {self.checkpoint_every} steps and logs every {self.log_every} do not fit together",
                legal="checkpoint_every a multiple of log_every, both 1 or more",
                mend=f"set checkpoint_every to {near}",
            )


@dataclass(frozen=True)
class Recipe:
    """How it is trained.

    Attributes:
        optimiser: Makes the optimiser from the module's parameters.
        schedule: Length and learning rate.
        cadence: How often to log and to write checkpoints.
        precision: Of forward and backward passes.
        engine: How it runs over ranks.
    """

    optimiser: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
    schedule: Schedule
    cadence: Cadence
    precision: Precision = "fp32"
    engine: Engine = field(default_factory=Ddp)
