"""Over W ranks with different data, every objective gives what one process gives on the whole batch.

The check is also put to two well-known wrong ways, so that it is seen to fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from harness.config.read import read
from harness.distributed.collectives import mean_over_ranks, own_rows
from harness.distributed.world import World
from harness.objectives import Objective
from harness.objectives.loss.base import ObjectiveLoss
from support import ranks
from support.oracles import sample_embeddings

NAMES = sorted(Objective.catalogue())
NUM_ROWS = 12
WIDTHS = (5, 40)  # fewer dimensions than rows, and more: the two forms of VICReg's covariance


@dataclass(frozen=True)
class Trial:
    """One loss to take over ranks; `way` is "right" or one of the wrong ways."""

    objective: Objective
    width: int
    way: str = "right"
    num_branches: int = 2
    dtype: torch.dtype = torch.float64


@dataclass(frozen=True)
class Step:
    """The terms, averaged over ranks, and DDP's gradient of every parameter in one vector."""

    terms: dict[str, float]
    gradient: Tensor


class Branches(nn.Module):
    """A linear encoder for each branch, in one container as the real model is."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoders = nn.ModuleList(nn.Linear(7, trial.width, dtype=trial.dtype) for _ in range(trial.num_branches))

    def forward(self, inputs: list[Tensor]) -> list[Tensor]:
        return [encoder(rows) for encoder, rows in zip(self.encoders, inputs, strict=True)]


def steps(world: World, trials: list[Trial]) -> list[Step]:
    """Each trial on this rank's rows."""
    return [_step(world, trial) for trial in trials]


def _step(world: World, trial: Trial) -> Step:
    x, y = (torch.tensor(z, dtype=trial.dtype)[own_rows(NUM_ROWS)] for z in sample_embeddings(NUM_ROWS, 7))
    model: nn.Module = Branches(trial)
    if world.size > 1:
        model = DistributedDataParallel(model)
    embeddings = model([x, y, x * y][: trial.num_branches])
    terms = _terms(trial, embeddings)
    terms["loss"].backward()
    gradient = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
    return Step({name: mean_over_ranks(term).item() for name, term in terms.items()}, gradient)


def _terms(trial: Trial, embeddings: list[Tensor]) -> dict[str, Tensor]:
    module = trial.objective.build()
    assert isinstance(module, ObjectiveLoss)
    if trial.way == "loss of the local batch":
        return module.terms(embeddings, slice(0, len(embeddings[0])))
    if trial.way == "gather without gradient":
        return module.terms([_gathered_without_gradient(each) for each in embeddings], own_rows(NUM_ROWS))
    terms: dict[str, Tensor] = module(embeddings)
    return terms


def _gathered_without_gradient(rows: Tensor) -> Tensor:
    """All ranks' rows, only this rank's own with a gradient: values right, gradient wrong."""
    parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, rows.detach())
    parts[dist.get_rank()] = rows
    return torch.cat(parts)


@cache
def right_trials() -> tuple[Trial, ...]:
    objectives = [read(Objective, name, "test") for name in NAMES]
    trials = [Trial(objective, width) for objective in objectives for width in WIDTHS]
    return *trials, *(Trial(each, 40, num_branches=3) for each in objectives if each.most_branches is None)


@cache
def in_one_process(trials: tuple[Trial, ...]) -> list[Step]:
    return steps(World(0, 1, torch.device("cpu")), list(trials))


def assert_same(steps_of_ranks: list[list[Step]], expected: list[Step], tolerance: float = 1e-12) -> None:
    for of_rank in steps_of_ranks:
        for step, one in zip(of_rank, expected, strict=True):
            assert step.terms == pytest.approx(one.terms, rel=tolerance), "the terms differ"
            error = (step.gradient - one.gradient).norm() / one.gradient.norm()
            assert error < tolerance, f"the gradient is off by {error:.1e}"


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
def test_ranks_give_what_one_process_gives(world_size: int) -> None:
    trials = right_trials()
    assert_same(ranks.run(steps, world_size, list(trials)), in_one_process(trials))


@pytest.mark.parametrize("world_size", [2, 4])
def test_float32_over_ranks(world_size: int) -> None:
    trials = tuple(Trial(each.objective, each.width, dtype=torch.float32) for each in right_trials())
    assert_same(ranks.run(steps, world_size, list(trials)), in_one_process(trials), tolerance=2e-6)


@pytest.mark.parametrize(
    ("way", "seen"),
    [("loss of the local batch", "the terms differ"), ("gather without gradient", "the gradient is off")],
)
def test_the_check_sees_the_wrong_ways(way: str, seen: str) -> None:
    right = [trial for trial in right_trials() if trial.num_branches == 2]
    wrong = ranks.run(steps, 2, [Trial(trial.objective, trial.width, way) for trial in right])
    for number, trial in enumerate(right):
        with pytest.raises(AssertionError, match=seen):
            assert_same([[of_rank[number]] for of_rank in wrong], in_one_process((trial,)))
