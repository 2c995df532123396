"""What a training step costs over two ranks: our engine beside DistributedDataParallel as it comes, and DeepSpeed.

The ranks are two processes on this machine, joined by gloo; every way has the same two
encoders with expanders, batch norm over the ranks, VICReg and Adam. A way is built anew
for each turn, and both ranks take their turns in the same order.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from harness.bench.turns import Compared, Counts, Pace, Way, compared, in_turn
from harness.distributed.batch_norm import synchronised
from harness.distributed.place import Place
from harness.distributed.world import World, joined
from harness.models.branches import BranchModel
from harness.models.encoders import Encoder
from harness.models.expander import Expander
from harness.objectives.vicreg import VICReg
from harness.training.engines import Engine
from harness.training.engines.ddp import Ddp
from harness.training.engines.deepspeed import DeepSpeed
from harness.training.optimiser import Adam

OURS, ROWS, PLAIN, USUAL = (
    "ddp",
    "ddp, channels first",
    "DistributedDataParallel, defaults",
    "the same, Adam's defaults",
)
RANKS = 2
WARM_UP = 2
LR = 1e-4


@dataclass(frozen=True)
class Load:
    """What is trained.

    Attributes:
        encoder: Of each of the two branches, as a configuration names it.
        size: Side of the images, in pixels.
        global_batch: Pairs a step, over both ranks.
        width: Of the expanders.
        steps: Of a turn, after `WARM_UP` others.
        rounds: Turns of each way.
        threads: That torch may use on each rank.
    """

    encoder: str = "resnet18"
    size: int = 64
    global_batch: int = 32
    width: int = 1024
    steps: int = 8
    rounds: int = 3
    threads: int = 1


def measure(load: Load) -> tuple[list[Compared], dict[str, str]]:
    """Our engine beside each other way, and why ways were left out; a ratio above 1 says that ours is faster.

    Raises:
        RuntimeError: A rank failed; its own words are on the standard error.
    """
    missing = {} if importlib.util.find_spec("deepspeed") else {"deepspeed": "it is not installed"}
    found = _on_ranks(load, with_deepspeed=not missing)
    return [compared(found, OURS, name) for name in found if name != OURS], missing


def _on_ranks(load: Load, *, with_deepspeed: bool) -> dict[str, list[Pace]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        meet = Path(folder) / "rendezvous"
        ranks = [
            context.Process(target=_rank, args=(rank, meet, load, with_deepspeed, theirs), daemon=True)
            for rank in range(RANKS)
        ]
        for process in ranks:
            process.start()
        theirs.close()
        try:
            found: dict[str, list[Pace]] = ours.recv()
        except EOFError as error:
            raise RuntimeError("a rank failed") from error
        finally:
            for process in ranks:
                process.join()
    return found


def _rank(rank: int, meet: Path, load: Load, with_deepspeed: bool, first: Connection) -> None:
    """One rank's turns; the first one sends what it measured."""
    torch.set_num_threads(load.threads)
    with joined(Place(rank, rank, RANKS, RANKS), meet, accelerator="cpu") as world:
        found = in_turn(ways(load, world, with_deepspeed=with_deepspeed), load.rounds, WARM_UP)
        if rank == 0:
            first.send(found)


def ways(load: Load, world: World, *, with_deepspeed: bool) -> Mapping[str, Way]:
    """Each way by name, ours first; torch's come with its defaults, the layout of convolutions included."""
    engines: dict[str, Engine] = {OURS: Ddp(), ROWS: Ddp(channels_last=False)}
    if with_deepspeed:
        engines |= {f"deepspeed, stage {stage}": DeepSpeed(zero_stage=stage) for stage in (1, 2)}
    found = {name: _turn(load, world, _of_engine(engine, world)) for name, engine in engines.items()}
    found[PLAIN] = _turn(load, world, _of_torch(Adam(lr=LR).build))
    found[USUAL] = _turn(load, world, _of_torch(lambda parameters: torch.optim.Adam(parameters, lr=LR)))
    return found


Step = Callable[[Callable[[nn.Module], Tensor]], None]
Build = Callable[[nn.Module], Step]


def _of_engine(engine: Engine, world: World) -> Build:
    def build(module: nn.Module) -> Step:
        running = engine.build(module, Adam(lr=LR).build, world, "fp32")

        def step(loss: Callable[[nn.Module], Tensor]) -> None:
            running.backward(loss(running.model))
            running.step(LR)

        return step

    return build


def _of_torch(optimiser: Callable[..., torch.optim.Optimizer]) -> Build:
    def build(module: nn.Module) -> Step:
        model, adam = DistributedDataParallel(module), optimiser(module.parameters())

        def step(loss: Callable[[nn.Module], Tensor]) -> None:
            adam.zero_grad()
            loss(model).backward()  # type: ignore[no-untyped-call]
            adam.step()

        return step

    return build


def _turn(load: Load, world: World, build: Build) -> Way:
    def counts() -> Counts:
        torch.manual_seed(0)
        encoders = [Encoder.parse(load.encoder).build(3) for _ in range(2)]
        expanders = [Expander(width=load.width).build(encoder.num_features) for encoder in encoders]
        step = build(synchronised(BranchModel(encoders, expanders, [(0, 0), (1, 1)])))
        objective = VICReg().build()
        torch.manual_seed(world.rank)
        inputs = [torch.randn(load.global_batch // RANKS, 3, load.size, load.size) for _ in range(2)]
        for _ in range(WARM_UP + load.steps):
            step(lambda model: objective(model(inputs).embeddings)["loss"])
            yield load.global_batch

    return counts
