"""Over W ranks with different data, every objective gives what one process gives on the whole batch.

The check is also put to well-known wrong ways, so that it is seen to fail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from harness.config.read import read
from harness.distributed.collectives import gather_rows, mean_over_ranks, own_rows
from harness.distributed.world import World
from harness.objectives import Objective
from support import ranks
from support.labelled import sample_labels
from support.oracles import sample_embeddings

NAMES = sorted(Objective.catalogue())
NUM_ROWS = 12
WIDTHS = (5, 40)  # fewer dimensions than rows, and more: the two forms of VICReg's covariance


@dataclass(frozen=True)
class Trial:
    """One loss to take over ranks; `way` is "right" or one of the wrong ways, `labels` None for those of the sample."""

    objective: Objective
    width: int
    way: str = "right"
    num_branches: int = 2
    dtype: torch.dtype = torch.float64
    labels: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Step:
    """The terms, averaged over ranks, and DDP's gradient of every parameter in one vector."""

    terms: dict[str, float]
    gradient: Tensor


class Trained(nn.Module):
    """A linear encoder for each branch and the objective, which may learn, in one container as the real ones are."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.trial = trial
        self.encoders = nn.ModuleList(nn.Linear(7, trial.width) for _ in range(trial.num_branches))
        self.objective = trial.objective.build()
        self.to(trial.dtype)

    def forward(self, inputs: list[Tensor], labels: Tensor) -> dict[str, Tensor]:
        embeddings = [encoder(rows) for encoder, rows in zip(self.encoders, inputs, strict=True)]
        if self.trial.objective.needs_labels:
            return WAYS_WITH_LABELS[self.trial.way](self.objective, embeddings, labels)
        return WAYS[self.trial.way](self.objective, embeddings)


def steps(world: World, trials: list[Trial]) -> list[Step]:
    """Each trial on this rank's rows."""
    return [_step(world, trial) for trial in trials]


def _step(world: World, trial: Trial) -> Step:
    own = own_rows(NUM_ROWS)
    x, y = (torch.tensor(z, dtype=trial.dtype)[own] for z in sample_embeddings(NUM_ROWS, 7))
    labels = torch.tensor(sample_labels(NUM_ROWS, trial.width) if trial.labels is None else trial.labels)[own]
    model: nn.Module = Trained(trial)
    if world.size > 1:
        model = DistributedDataParallel(model)
    terms = model([x, y, x * y][: trial.num_branches], labels)
    terms["loss"].backward()
    gradient = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
    return Step({name: mean_over_ranks(term).item() for name, term in terms.items()}, gradient)


def _right(module: nn.Module, embeddings: list[Tensor], *labels: Tensor) -> dict[str, Tensor]:
    return module(embeddings, *labels)


def _gathered(module: nn.Module, embeddings: list[Tensor]) -> dict[str, Tensor]:
    """Right as well: every rank has all rows, and takes the whole loss."""
    return module([gather_rows(each) for each in embeddings], gathered=True)


def _of_the_local_batch(module: nn.Module, embeddings: list[Tensor]) -> dict[str, Tensor]:
    """The mean over ranks of what each computes of its own rows."""
    return module.terms(embeddings, slice(0, len(embeddings[0])))


def _without_the_others_gradient(module: nn.Module, embeddings: list[Tensor]) -> dict[str, Tensor]:
    """Values right, gradient wrong."""
    return module.terms([_gathered_without_gradient(each) for each in embeddings], own_rows(NUM_ROWS))


def _as_open_clip(module: nn.Module, embeddings: list[Tensor]) -> dict[str, Tensor]:
    """Every rank takes the whole loss, of features whose gradient goes to its own rows alone: open_clip's default."""
    return module.terms([_gathered_without_gradient(each) for each in embeddings], slice(0, NUM_ROWS))


def _gathered_without_gradient(rows: Tensor) -> Tensor:
    """All ranks' rows, only this rank's own with a gradient."""
    parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, rows.detach())
    parts[dist.get_rank()] = rows
    return torch.cat(parts)


def _mean_of_means(module: nn.Module, embeddings: list[Tensor], labels: Tensor) -> dict[str, Tensor]:
    """Each rank's mean over its own labelled samples, as cross-entropy is usually called."""
    return {"loss": F.cross_entropy(embeddings[0], labels, ignore_index=-1)}


WAYS = {
    "right": _right,
    "gathered": _gathered,
    "loss of the local batch": _of_the_local_batch,
    "gather without gradient": _without_the_others_gradient,
    "open_clip's": _as_open_clip,
}
WAYS_WITH_LABELS = {"right": _right, "mean of means": _mean_of_means}


@cache
def right_trials() -> tuple[Trial, ...]:
    objectives = [read(Objective, name, "test") for name in NAMES]
    trials = [Trial(each, width, num_branches=each.most_branches or 2) for each in objectives for width in WIDTHS]
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


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_that_all_have_the_whole_batch_give_the_same(world_size: int) -> None:
    trials = tuple(trial for trial in right_trials() if not trial.objective.needs_labels)
    gathered = [replace(trial, way="gathered") for trial in trials]
    assert_same(ranks.run(steps, world_size, gathered), in_one_process(trials))


@pytest.mark.parametrize("world_size", [2, 4])
def test_float32_over_ranks(world_size: int) -> None:
    trials = tuple(replace(trial, dtype=torch.float32) for trial in right_trials())
    assert_same(ranks.run(steps, world_size, list(trials)), in_one_process(trials), tolerance=2e-6)


@pytest.mark.parametrize(
    ("way", "seen"),
    [("loss of the local batch", "the terms differ"), ("gather without gradient", "the gradient is off")],
)
def test_the_check_sees_the_wrong_ways(way: str, seen: str) -> None:
    right = [trial for trial in right_trials() if trial.num_branches == 2]
    assert_seen(right, way, seen)


def assert_seen(right: list[Trial], way: str, seen: str) -> None:
    wrong = ranks.run(steps, 2, [replace(trial, way=way) for trial in right])
    for number, trial in enumerate(right):
        with pytest.raises(AssertionError, match=seen):
            assert_same([[of_rank[number]] for of_rank in wrong], in_one_process((trial,)))


@pytest.mark.parametrize("world_size", [2, 3])
def test_open_clips_default_has_the_features_gradient_over_w_and_the_scales_whole(world_size: int) -> None:
    """So no other learning rate mends it: what is learnt in two places is weighed differently in each."""
    right = Trial(read(Objective, "clip", "test"), 40)
    (whole,), wrong = in_one_process((right,)), ranks.run(steps, world_size, [replace(right, way="open_clip's")])
    for (step,) in wrong:
        assert step.terms == pytest.approx(whole.terms, rel=1e-12)
        torch.testing.assert_close(step.gradient[:-1], whole.gradient[:-1] / world_size, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(step.gradient[-1], whole.gradient[-1], rtol=1e-12, atol=0)
    if world_size == 2:
        assert_seen([right], "open_clip's", "the gradient is off")


def test_a_mean_of_the_ranks_means_is_seen() -> None:
    right = [trial for trial in right_trials() if trial.objective.needs_labels]
    assert_seen(right, "mean of means", "the terms differ")


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
def test_labels_that_lie_on_some_ranks_only(world_size: int) -> None:
    """One labelled sample in the last row; then none anywhere, which is a loss of 0 and no gradient."""
    one, none = (-1,) * (NUM_ROWS - 1) + (3,), (-1,) * NUM_ROWS
    trials = tuple(
        Trial(read(Objective, objective, "test"), 5, num_branches=1, labels=labels)
        for objective in ("supervised", {"name": "supervised", "label_smoothing": 0.1})
        for labels in (one, none)
    )
    found = ranks.run(steps, world_size, list(trials))
    assert_same([of_rank[::2] for of_rank in found], in_one_process(trials)[::2])
    for of_rank in found:
        for step in of_rank[1::2]:
            assert step.terms == {"loss": 0}
            assert not step.gradient.any()
