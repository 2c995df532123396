"""A small run for tests of the loop: two branches of a convolutional encoder, drop-out, batch norm over ranks.

Batches are a function of the step alone, cut from one global batch, so that any number
of ranks sees the same data. Drawing one disturbs torch's random state, as a DataLoader does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from harness.distributed.batch_norm import synchronised
from harness.distributed.world import World
from harness.models.branches import BranchModel
from harness.models.encoders.small_conv import SmallConv
from harness.models.expander import Expander
from harness.models.initialisation import initialised
from harness.objectives import Objective
from harness.objectives.vicreg import VICReg
from harness.training.monitor import Monitor
from harness.training.optimiser import Adam
from harness.training.recipe import Cadence, Recipe, Task
from harness.training.schedule import WarmupCosine

GLOBAL_BATCH = 12
SIZE = 16
VICREG = VICReg()


@dataclass
class Batch:
    step: int
    inputs: list[Tensor]


@dataclass
class Recorder(Monitor):
    """Remembers what the loop says; asks it to stop once `stop_at` steps are done."""

    stop_at: int | None = None
    starts: list[int] = field(default_factory=list)
    rows: dict[int, dict[str, float]] = field(default_factory=dict)
    checkpoints: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def start(self, step: int) -> None:
        self.starts.append(step)

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        self.rows[step] = dict(values)

    def checkpointed(self, step: int) -> None:
        self.checkpoints.append(step)

    def note(self, text: str, step: int = 0) -> None:
        self.notes.append(text)

    def stop_requested(self) -> bool:
        return self.stop_at is not None and max(self.rows, default=0) >= self.stop_at

    def deterministic(self) -> dict[int, dict[str, float]]:
        """Every metric but those of the clock."""
        return {
            step: {name: value for name, value in row.items() if not name.startswith("rate/")}
            for step, row in self.rows.items()
        }


def container(dropout: float = 0.1, shared: bool = False) -> BranchModel:
    """Two branches, each with an encoder and an expander or both with the same, always the same weights."""
    number = 1 if shared else 2
    encoders = [initialised(lambda: SmallConv(widths=(4, 8)).build(3), 0, "encoder", index) for index in range(number)]
    for encoder in encoders:
        encoder.backbone.stages.append(nn.Dropout(dropout))
    expanders = [initialised(lambda: Expander(width=10).build(8), 0, "expander", index) for index in range(number)]
    return BranchModel(encoders, expanders, [(0, 0), (0, 0) if shared else (1, 1)])


def batches(world: World, dtype: torch.dtype, start: int) -> Iterator[Batch]:
    """This rank's rows of every global batch from `start` on."""
    step, share = start, GLOBAL_BATCH // world.size
    torch.rand(1)
    while True:
        generator = torch.Generator().manual_seed(1000 + step)
        torch.rand(step % 3 + 1)
        whole = torch.rand(2, GLOBAL_BATCH, 3, SIZE, SIZE, generator=generator, dtype=torch.float64).to(dtype)
        mine = whole[:, world.rank * share : (world.rank + 1) * share]
        yield Batch(step, [mine[0], mine[1]])
        step += 1


def task(
    world: World,
    *,
    dtype: torch.dtype = torch.float32,
    dropout: float = 0.1,
    shared: bool = False,
    objective: Objective = VICREG,
    before_backward: Callable[[int], None] = lambda step: None,
    spoil: Callable[[int, dict[str, Tensor]], dict[str, Tensor]] = lambda step, terms: terms,
) -> Task[Batch]:
    """The run's task; `before_backward` hears of each step in its middle, `spoil` may change its terms."""
    module = synchronised(container(dropout, shared)).to(dtype)
    loss = objective.build()

    def terms(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        found = spoil(batch.step, dict(loss(model(batch.inputs).embeddings)))
        before_backward(batch.step)
        return found

    return Task(module, terms, lambda start: batches(world, dtype, start), GLOBAL_BATCH, seed=7)


def recipe(num_epochs: int = 3, log_every: int = 2, checkpoint_every: int = 4, lr: float = 1e-2) -> Recipe:
    """Epochs of four steps, one of them warm-up."""
    schedule = WarmupCosine(warmup_epochs=0.25).build(lr, num_epochs, steps_per_epoch=4)
    return Recipe(Adam(lr=lr).build, schedule, Cadence(log_every, checkpoint_every))
