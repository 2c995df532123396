"""Where an attempt begins: at the newest checkpoint that is whole, or at the start, on every rank alike."""

from __future__ import annotations

import torch

from harness.distributed.collectives import sum_over_ranks
from harness.distributed.world import World
from harness.errors import StoreError
from harness.training.checkpoint import Checkpoints
from harness.training.checkpoint_file import State
from harness.training.engines.running import Running
from harness.training.monitor import Monitor
from harness.training.random_state import gathered, restored, seed_rank


def snapshot(running: Running, step: int, steps_per_epoch: int, world: World) -> State:
    """All that a run needs to go on. Every rank must call it: it gathers their states."""
    epoch, step_in_epoch = divmod(step, steps_per_epoch)
    return {
        **running.state(),
        "position": {"epoch": epoch, "step": step_in_epoch},
        "random": gathered(world),
    }


def resume(
    running: Running,
    checkpoints: Checkpoints | None,
    *,
    seed: int,
    steps_per_epoch: int,
    world: World,
    monitor: Monitor,
) -> int:
    """Bring module, optimiser and random state to where the run stands, and return its step.

    The first rank searches; all load what it found. The number of ranks may have changed
    since: then dropout draws other numbers from here on, which is noted.

    Raises:
        StoreError: The checkpoint is of another model or of a data set of another size.
    """
    found = _agreed(checkpoints, world, monitor)
    if found is None:
        seed_rank(seed, 0, world)
        return 0
    step, state = found
    _check_position(state, step, steps_per_epoch)
    try:
        running.restore(state)
    except (RuntimeError, ValueError) as error:
        raise StoreError(
            f"the checkpoint of step {step} is of another model: {error}",
            mend="remove the run's checkpoints to begin again with this code",
        ) from error
    if not restored(state["random"], world):
        seed_rank(seed, step, world)
        if world.rank == 0:
            ranks = f"{len(state['random'])} ranks wrote the checkpoint, {world.size} go on"
            monitor.note(f"{ranks}: their random states begin anew", step)
    return step


def _agreed(checkpoints: Checkpoints | None, world: World, monitor: Monitor) -> tuple[int, State] | None:
    """The checkpoint that the first rank found, on every rank."""
    if checkpoints is None:
        return None
    found = checkpoints.newest(monitor.note) if world.rank == 0 else None
    mine = torch.tensor(found[0] + 1 if found else 0, dtype=torch.int64, device=world.device)
    step = int(sum_over_ranks(mine)) - 1
    if step < 0:
        return None
    return found or (step, checkpoints.load(step))


def _check_position(state: State, step: int, steps_per_epoch: int) -> None:
    position = state["position"]
    if divmod(step, steps_per_epoch) != (position["epoch"], position["step"]):
        raise StoreError(
            f"the checkpoint of step {step} stands at step {position['step']} of epoch {position['epoch']}, "
            f"which is another place where an epoch has {steps_per_epoch} steps",
            mend="resume with the data and the global batch size that the run began with",
        )
