"""Replicas: what DistributedDataParallel is given, and that its rehearsal leaves no trace."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from harness.distributed.batch_norm import synchronised
from harness.distributed.world import World
from harness.training.engines.ddp import Ddp
from harness.training.engines.running import Running
from harness.training.engines.running.replicas import place
from harness.training.optimiser import Adam
from support import ranks
from support.toy_run import batches, container

STATISTIC = "encoders.0.backbone.stages.0.1.running_mean"


def alone() -> World:
    return World(0, 1, torch.device("cpu"))


def running(module: nn.Module, world: World, engine: Ddp) -> Running:
    return engine.build(module, Adam().build, world, "fp32")


def test_one_rank_needs_no_wrapper() -> None:
    module = container()
    assert running(module, alone(), Ddp()).model is module


@pytest.mark.parametrize("channels_last", [True, False])
def test_convolutions_are_laid_out_as_asked(channels_last: bool) -> None:
    module = container()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    parameters = list(module.parameters())
    place(module, alone(), not channels_last)
    made = running(module, alone(), Ddp(channels_last=channels_last))
    convolution = module.encoders[0].backbone.stages[1][0]
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last) is channels_last
    assert convolution.weight.is_contiguous() is not channels_last
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(one is other for one, other in zip(parameters, made.module.parameters(), strict=True))


def test_channels_last_is_what_is_done_where_nothing_is_said() -> None:
    assert Ddp().channels_last


def rehearse(world: World) -> None:
    module = synchronised(container())
    made = running(module, world, Ddp(bucket_cap_mb=1))
    assert isinstance(made.model, DistributedDataParallel)
    assert made.model.bucket_bytes_cap == 1024 * 1024
    before = {name: value.clone() for name, value in module.state_dict().items()}
    inputs = next(batches(world, torch.float32, 0)).inputs
    torch.manual_seed(5)
    state = torch.get_rng_state()
    seen: list[bool] = []

    def loss() -> Tensor:
        value = sum((z.square().sum() for z in made.model(inputs).embeddings), torch.zeros(()))
        seen.append(not torch.equal(before[STATISTIC], module.state_dict()[STATISTIC]))
        return value

    made.rehearse(loss)
    assert seen == [True]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_rehearsal_leaves_no_trace() -> None:
    ranks.run(rehearse, 2)


def test_a_rehearsal_alone_does_not_happen() -> None:
    running(container(), alone(), Ddp()).rehearse(lambda: (_ for _ in ()).throw(AssertionError))


def test_the_tensors_are_those_of_the_checkpoint() -> None:
    module = nn.Linear(3, 2)
    made = running(module, alone(), Ddp())
    made.backward(module(torch.ones(1, 3)).sum())
    assert made.gradient_norm() == pytest.approx(8**0.5)
    made.step(0.1)
    assert {group["lr"] for group in made.optimiser.param_groups} == {0.1}
    assert all(parameter.grad is None for parameter in module.parameters())
    assert dict(made.tensors()).keys() == {
        *("weight", "step of weight", "exp_avg of weight", "exp_avg_sq of weight"),
        *("bias", "step of bias", "exp_avg of bias", "exp_avg_sq of bias"),
    }
    again = running(nn.Linear(3, 2), alone(), Ddp())
    again.restore(made.state())
    assert all(equal(made.tensors(), again.tensors()))


def equal(some: Iterator[tuple[str, Tensor]], others: Iterator[tuple[str, Tensor]]) -> Iterator[bool]:
    for (name, one), (same, other) in zip(some, others, strict=True):
        yield name == same and torch.equal(one, other)
