"""Stopped at any step and resumed, a run ends with the bits of one that was not, under every engine that claims it.

The ranks stop between forward and backward of a step, by an exception; in `test_resume.py` one is killed. One
launch of ranks serves all steps.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from harness.distributed.world import World
from harness.training.checkpoint import Checkpoints
from harness.training.determinism import deterministic
from harness.training.engines import Engine
from harness.training.engines.ddp import Ddp
from harness.training.engines.deepspeed import DeepSpeed
from harness.training.loop import fit
from support import ranks
from support.bits import assert_bit_equal
from support.toy_run import Recorder, recipe, task

STEPS, EVERY = 5, 2


class StoppedError(Exception):
    """What ends an attempt here."""


def attempt(world: World, folder: Path, engine: Engine, stop_in: int | None) -> tuple[Recorder, Any]:
    """One attempt on this rank; the module's state where it comes to the end."""

    def maybe_stop(step: int) -> None:
        if step == stop_in:
            raise StoppedError

    torch.manual_seed(99)  # as a fresh process: not where the last attempt stood
    recorder, work = Recorder(), task(world, before_backward=maybe_stop)
    plan = recipe(num_epochs=2, log_every=1, checkpoint_every=EVERY)
    shorter = replace(plan, engine=engine, schedule=replace(plan.schedule, steps=STEPS))
    fit(work, shorter, world, recorder, Checkpoints(folder))
    return recorder, work.module.state_dict()


def newest(folder: Path) -> Any:
    found = Checkpoints(folder).newest(report=pytest.fail)
    assert found is not None
    assert found[0] == STEPS
    return found[1]


def stopped_everywhere(world: World, folder: Path, engine: Engine) -> list[list[int]]:
    """Where each stopped run went on from, the bits at its end compared."""
    deterministic(threads=1)
    whole, weights = attempt(world, folder / "straight", engine, None)
    starts = []
    for step in range(STEPS):
        with pytest.raises(StoppedError):
            attempt(world, folder / str(step), engine, step)
        rest, again = attempt(world, folder / str(step), engine, None)
        assert_bit_equal(again, weights)
        assert rest.deterministic() == {at: row for at, row in whole.deterministic().items() if at in rest.rows}
        if world.rank == 0:
            assert_bit_equal(newest(folder / str(step)), newest(folder / "straight"))
        starts.append(rest.starts)
    return starts


def sharded(stage: Literal[1, 2], world_size: int) -> Any:
    return pytest.param(DeepSpeed(zero_stage=stage), world_size, marks=pytest.mark.deepspeed)


@pytest.mark.parametrize(
    ("engine", "world_size"),
    [
        *((Ddp(), world_size) for world_size in (1, 2, 3, 4)),
        *(sharded(1, world_size) for world_size in (1, 2, 3, 4)),
        *(sharded(2, world_size) for world_size in (2, 3, 4)),
    ],
    ids=repr,
)
def test_stopped_at_any_step_and_resumed_is_bit_for_bit(engine: Engine, world_size: int, tmp_path: Path) -> None:
    assert engine.resumes_exactly
    found = ranks.run(stopped_everywhere, world_size, tmp_path, engine)
    assert found[0] == [[step // EVERY * EVERY] for step in range(STEPS)]
