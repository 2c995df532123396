"""A run that is killed in the middle of a step and resumed ends with the bits of one that was not."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.distributed.place import Place
from harness.distributed.world import World, joined
from harness.errors import StoreError
from harness.training.checkpoint import Checkpoints
from harness.training.determinism import deterministic
from harness.training.interrupted import Interrupted
from harness.training.loop import fit
from harness.training.precision import Precision
from support import ranks
from support.bits import assert_bit_equal
from support.toy_run import Recorder, recipe, task

KILLED_IN, RESUMED_AT, LAST = 7, 4, 12


def attempt(place: Place, folder: Path, precision: Precision, killed_in: int | None) -> Recorder:
    """One attempt on one rank; the last rank kills itself between forward and backward of a step."""
    deterministic(threads=1)

    def maybe_die(step: int) -> None:
        if step == killed_in and place.global_rank == place.world_size - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    recorder = Recorder()
    with joined(place, folder / "rendezvous", timeout_s=20, accelerator="cpu") as world:
        plan = replace(recipe(), precision=precision)
        fit(task(world, before_backward=maybe_die), plan, world, recorder, Checkpoints(folder / "checkpoints"))
    return recorder


def final_state(folder: Path) -> Any:
    found = Checkpoints(folder / "checkpoints").newest(report=pytest.fail)
    assert found is not None
    assert found[0] == LAST
    return found[1]


@pytest.mark.parametrize(
    ("world_size", "precision"),
    [(1, "fp32"), (2, "fp32"), (3, "fp32"), (1, "bf16"), pytest.param(4, "bf16", marks=pytest.mark.long)],
)
def test_killed_and_resumed_is_bit_for_bit(tmp_path: Path, world_size: int, precision: Precision) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    outcomes = ranks.launch(attempt, world_size, straight, precision, None)
    assert not any(outcome.failed for outcome in outcomes), "\n".join(map(str, outcomes))
    killed = ranks.launch(attempt, world_size, broken, precision, KILLED_IN)
    assert killed[-1].exit_code == -signal.SIGKILL
    assert all(outcome.failed for outcome in killed)
    resumed = ranks.launch(attempt, world_size, broken, precision, None)
    assert not any(outcome.failed for outcome in resumed), "\n".join(map(str, resumed))

    whole, rest = outcomes[0].value, resumed[0].value
    assert (whole.starts, rest.starts) == ([0], [RESUMED_AT])
    assert rest.checkpoints == [8, LAST]
    assert rest.deterministic() == {step: row for step, row in whole.deterministic().items() if step > RESUMED_AT}
    assert_bit_equal(final_state(straight), final_state(broken))


def alone() -> World:
    return World(0, 1, torch.device("cpu"))


def train(folder: Path, monitor: Recorder) -> dict[str, torch.Tensor]:
    torch.manual_seed(99)  # as a fresh process: not where the last attempt stood
    work = task(alone())
    fit(work, recipe(), alone(), monitor, Checkpoints(folder))
    return work.module.state_dict()


def test_a_request_to_stop_ends_in_a_checkpoint_and_the_rest_follows(tmp_path: Path) -> None:
    expected = train(tmp_path / "straight", Recorder())
    first, second = Recorder(stop_at=6), Recorder()
    with pytest.raises(Interrupted, match="after step 6") as caught:
        train(tmp_path / "stopped", first)
    assert caught.value.step == 6
    assert first.checkpoints == [4, 6]
    assert_bit_equal(train(tmp_path / "stopped", second), expected)
    assert second.starts == [6]


def test_a_request_that_comes_with_the_last_step_is_no_interruption(tmp_path: Path) -> None:
    recorder = Recorder(stop_at=LAST)
    train(tmp_path, recorder)
    assert recorder.checkpoints == [4, 8, LAST]


def stopped_by_one(world: World, folder: Path) -> tuple[int, list[int]]:
    """Only the last rank is asked to stop."""
    recorder = Recorder()
    if world.rank == world.size - 1:
        recorder.stop_requested = lambda: True  # type: ignore[method-assign]
    with pytest.raises(Interrupted) as caught:
        fit(task(world), recipe(), world, recorder, Checkpoints(folder))
    return caught.value.step, recorder.checkpoints


def test_ranks_stop_together_when_one_is_asked(tmp_path: Path) -> None:
    assert ranks.run(stopped_by_one, 2, tmp_path) == [(2, [2]), (2, [])]


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    expected = train(tmp_path, Recorder())
    again = Recorder()
    assert_bit_equal(train(tmp_path, again), expected)
    assert (again.starts, again.rows, again.checkpoints) == ([LAST], {}, [])


def test_a_damaged_newest_checkpoint_costs_steps_and_not_the_run(tmp_path: Path) -> None:
    expected = train(tmp_path / "straight", Recorder())
    with pytest.raises(Interrupted):
        train(tmp_path / "damaged", Recorder(stop_at=8))
    newest = max((tmp_path / "damaged").glob("*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:-100])
    recorder = Recorder()
    assert_bit_equal(train(tmp_path / "damaged", recorder), expected)
    assert recorder.starts == [4]
    assert recorder.notes == [f"the checkpoint of step 8 is damaged and was passed over: {newest.name}"]


def other_number(world: World, folder: Path) -> Recorder:
    recorder = Recorder()
    fit(task(world), recipe(), world, recorder, Checkpoints(folder))
    return recorder


def test_another_number_of_ranks_goes_on_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train(tmp_path, Recorder(stop_at=4))
    recorder = ranks.run(other_number, 2, tmp_path)[0]
    assert recorder.starts == [4]
    assert recorder.notes == ["1 ranks wrote the checkpoint, 2 go on: their random states begin anew"]


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    train(tmp_path, Recorder())
    work = replace(task(alone()), module=torch.nn.Linear(2, 2))
    with pytest.raises(StoreError, match="the checkpoint of step 12 is of another model"):
        fit(work, recipe(), alone(), Recorder(), Checkpoints(tmp_path))


def test_a_checkpoint_of_another_epoch_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train(tmp_path, Recorder(stop_at=6))
    plan = recipe()
    longer = replace(plan, schedule=replace(plan.schedule, steps_per_epoch=5))
    with pytest.raises(StoreError, match="stands at step 2 of epoch 1, which is another place where an epoch has 5"):
        fit(task(alone()), longer, alone(), Recorder(), Checkpoints(tmp_path))
