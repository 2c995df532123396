"""What the engine does to a module over ranks, and that its rehearsal leaves no trace."""

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from harness.distributed.batch_norm import synchronised
from harness.distributed.world import World
from harness.training import engine
from support import ranks
from support.toy_run import batches, container


def test_one_rank_needs_no_wrapper() -> None:
    world, module = World(0, 1, torch.device("cpu")), container()
    assert engine.wrap(module, world) is module


def test_convolutions_are_laid_out_channels_last() -> None:
    module = container()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    parameters = list(module.parameters())
    engine.place(module, World(0, 1, torch.device("cpu")))
    convolution = module.encoders[0].backbone.stages[1][0]
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)
    assert not convolution.weight.is_contiguous()
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(one is other for one, other in zip(parameters, module.parameters(), strict=True))


def rehearse(world: World) -> None:
    module = synchronised(container())
    engine.place(module, world)
    model = engine.wrap(module, world)
    assert isinstance(model, DistributedDataParallel)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    inputs = next(batches(world, torch.float32, 0)).inputs
    torch.manual_seed(5)
    state = torch.get_rng_state()
    seen: list[bool] = []

    def loss() -> torch.Tensor:
        value = sum((z.square().sum() for z in model(inputs).embeddings), torch.zeros(()))
        seen.append(not torch.equal(before["encoders.0.backbone.stages.0.1.running_mean"], running(module)))
        return value

    engine.warm(module, world, loss)
    assert seen == [True]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def running(module: nn.Module) -> torch.Tensor:
    return module.state_dict()["encoders.0.backbone.stages.0.1.running_mean"]


def test_a_rehearsal_leaves_no_trace() -> None:
    ranks.run(rehearse, 2)


def test_a_rehearsal_alone_does_not_happen() -> None:
    engine.warm(container(), World(0, 1, torch.device("cpu")), lambda: (_ for _ in ()).throw(AssertionError))
