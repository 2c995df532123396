"""A training stage by the loop: what lies between its module and its results, the same for every such stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor, nn

from harness.models.nets.shell import EncoderModule
from harness.training.checkpoint import Checkpoints
from harness.training.compiled import compiled
from harness.training.loop import fit
from harness.training.recipe import B, Task
from jobs.run.announced import announce
from jobs.run.feed import Feed
from jobs.run.journalling import Journalling


def fit_stage(
    feed: Feed,
    module: nn.Module,
    terms: Callable[[nn.Module, B], Mapping[str, Tensor]],
    batches: Callable[[int], Iterator[B]],
    beside: Callable[[int], Mapping[str, float]] = lambda done: {},
) -> None:
    """Train from wherever the last attempt ended to the end of the stage's schedule.

    Args:
        feed: What the stage is fed with.
        module: All that is trained, which holds the weights afterwards.
        terms: See `Task`.
        batches: See `Task`.
        beside: See `Journalling`.
    """
    stage, work = feed.stage, feed.work
    if work.is_main:
        print(announce(stage, work.run.key), flush=True)
    if stage.compile:
        compiled(each for each in module.modules() if isinstance(each, EncoderModule))
    task = Task(module, terms, batches, stage.global_batch_size, stage.seed)
    monitor = Journalling(work, feed.num_steps, beside)
    fit(task, feed.recipe(), work.world, monitor, Checkpoints(work.run.checkpoints))
