"""The loop: what it logs, what stops it, and that ranks make one run."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from harness.distributed.world import World
from harness.errors import ConfigError, NonFiniteError
from harness.training.checkpoint import Checkpoints
from harness.training.loop import fit
from harness.training.recipe import Cadence, Task
from support import ranks
from support.toy_run import Recorder, recipe, task


def alone() -> World:
    return World(0, 1, torch.device("cpu"))


def counted(module: nn.Module, value: Callable[[int], Mapping[str, Tensor]]) -> Task[int]:
    """A task whose batches are the numbers of the steps."""

    def steps(start: int) -> Iterator[int]:
        return iter(range(start, 1_000_000))

    return Task(module, lambda model, step: value(step), steps, global_batch_size=8)


class Weight(nn.Module):
    """One number to train."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.ones(1))


def test_what_is_logged() -> None:
    module, recorder = Weight(), Recorder()
    work = counted(module, lambda step: {"loss": 3 * module.w.sum(), "step": torch.tensor(float(step))})
    fit(work, recipe(num_epochs=3, log_every=5, checkpoint_every=10, lr=1e-3), alone(), recorder)
    assert list(recorder.rows) == [5, 10, 12]
    assert [row["train/step"] for row in recorder.rows.values()] == [2, 7, 10.5]
    assert [row["train/epoch"] for row in recorder.rows.values()] == [1.25, 2.5, 3]
    assert [row["train/gradient_norm"] for row in recorder.rows.values()] == [3, 3, 3]
    rates = [1e-3 * (1 + math.cos(math.pi * (step - 1) / 11)) / 2 for step in (4, 9, 11)]
    assert [row["train/lr"] for row in recorder.rows.values()] == pytest.approx(rates)
    assert all(row["rate/pairs_per_second"] > 0 for row in recorder.rows.values())
    assert recorder.checkpoints == []


def test_each_step_has_the_schedules_rate() -> None:
    """Adam moves a weight with a constant gradient by the learning rate, so the way is the sum of the rates."""
    module = Weight().double()
    fit(counted(module, lambda step: {"loss": module.w.sum()}), plan := recipe(num_epochs=2), alone())
    way = 1 - sum(plan.schedule.lr(step) for step in range(8))
    assert module.w.item() == pytest.approx(way, abs=1e-8)


def test_the_first_step_of_a_warm_up_moves_nothing() -> None:
    weights: list[float] = []
    module = Weight()

    def remember(step: int) -> dict[str, Tensor]:
        weights.append(module.w.item())
        return {"loss": module.w.sum()}

    fit(counted(module, remember), recipe(num_epochs=1), alone())
    assert weights[0] == weights[1] == 1
    assert weights[2] < 1


def test_a_cadence_under_which_a_resumed_run_would_log_otherwise_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Cadence(log_every=10, checkpoint_every=25)
    assert "checkpoints every 25 steps and logs every 10 do not fit together" in str(caught.value)
    assert "set checkpoint_every to 20" in str(caught.value)
    with pytest.raises(ConfigError, match="logs every 0"):
        Cadence(log_every=0, checkpoint_every=25)


def nan_variance(at: int, rank: int, world: World) -> Callable[[int, dict[str, Tensor]], dict[str, Tensor]]:
    def spoil(step: int, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        if step == at and world.rank == rank:
            return {**terms, "variance": torch.tensor(math.nan)}
        return terms

    return spoil


def spoilt(world: World, folder: Path) -> tuple[str, list[int]]:
    recorder = Recorder()
    work = task(world, spoil=nan_variance(at=6, rank=world.size - 1, world=world))
    with pytest.raises(NonFiniteError) as caught:
        fit(work, recipe(log_every=4), world, recorder, Checkpoints(folder))
    return str(caught.value), recorder.checkpoints


@pytest.mark.parametrize("world_size", [1, 2])
def test_a_term_that_is_no_number_stops_every_rank_and_is_named(tmp_path: Path, world_size: int) -> None:
    """The seventh step, in the second epoch of four; only the last rank's term is spoilt."""
    texts, checkpoints = zip(*ranks.run(spoilt, world_size, tmp_path), strict=True)
    assert len(set(texts)) == 1
    assert texts[0].startswith("in step 7 (epoch 1) variance is nan\n")
    assert checkpoints[0] == [4]
    found = Checkpoints(tmp_path).newest(report=pytest.fail)
    assert found is not None
    assert found[0] == 4
    assert all(bool(value.isfinite().all()) for value in found[1]["model"].values())


def test_every_term_that_went_astray_is_named(tmp_path: Path) -> None:
    def spoil(step: int, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": terms["loss"] * math.inf, "spread/1": torch.tensor(-math.inf)} if step == 0 else terms

    with pytest.raises(NonFiniteError, match=r"in step 1 \(epoch 0\) loss is inf, spread/1 is -inf"):
        fit(task(alone(), spoil=spoil), recipe(log_every=1), alone())


def test_a_gradient_that_is_no_number_reaches_no_checkpoint(tmp_path: Path) -> None:
    """The root of nothing is finite, its slope is not."""
    module = Weight()

    def value(step: int) -> dict[str, Tensor]:
        root = (module.w - module.w.detach()).abs().sqrt().sum() if step == 3 else 0
        return {"loss": module.w.sum() + root}

    with pytest.raises(NonFiniteError, match="the gradient in step 4 has the norm"):
        fit(counted(module, value), recipe(), alone(), None, Checkpoints(tmp_path))
    assert list(tmp_path.iterdir()) == []


def losses(world: World) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
    recorder = Recorder()
    work = task(world, dtype=torch.float64, dropout=0.0)
    fit(work, recipe(num_epochs=5, log_every=1), world, recorder)
    return list(recorder.deterministic().values()), work.module.state_dict()


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_train_as_one_process_with_the_whole_batch(world_size: int) -> None:
    """Batch norm, objective, gradients and optimiser: 20 steps in float64."""
    rows, weights = losses(alone())
    others = ranks.run(losses, world_size)
    assert len(rows) == len(others[0][0]) == 20
    for row, other in zip(rows, others[0][0], strict=True):
        assert other == pytest.approx(row, rel=1e-10, abs=1e-10)
    for name, value in weights.items():
        for _, other in others:
            # A bias before batch norm has no gradient but rounding, which Adam divides by its eps of 1e-8.
            idle = ".hidden." in name and ("0.bias" in name or "running_mean" in name)
            torch.testing.assert_close(other[name], value, rtol=0, atol=1e-6 if idle else 1e-9, msg=name)
