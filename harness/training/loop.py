"""The training loop: any module, any loss, any data; one attempt at a run, from wherever the last one ended.

`fit` trains a `Task` by a `Recipe`. It goes on from the newest whole checkpoint, and
what it computes does not depend on how often it was stopped: a run that was killed and
resumed ends with the same bits, on a CPU of the same type with the same threads and the
same number of ranks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic

from torch import Tensor

from harness.distributed.collectives import any_over_ranks
from harness.distributed.world import World
from harness.training.checkpoint import Checkpoints
from harness.training.clock import Clock
from harness.training.finite import refuse_non_finite, refuse_non_finite_gradient
from harness.training.interrupted import Interrupted
from harness.training.monitor import Monitor
from harness.training.precision import autocast
from harness.training.random_state import kept
from harness.training.recipe import B, Recipe, Task
from harness.training.resume import resume, snapshot
from harness.training.window import Window


def fit(
    task: Task[B], recipe: Recipe, world: World, monitor: Monitor | None = None, checkpoints: Checkpoints | None = None
) -> None:
    """Train to the end of the schedule; the module holds the weights afterwards.

    Metrics, every `log_every` steps: ``train/<term>``, the mean over ranks and over the steps
    since the last ones; ``train/lr``, ``train/gradient_norm`` and ``train/epoch`` of the
    step itself; and ``rate/pairs_per_second``, the only one that no two attempts share.

    Args:
        task: What is trained.
        recipe: How.
        world: The ranks, joined already.
        monitor: Hears of the progress.
        checkpoints: Where to go on from and to write to; None trains in one go.

    Raises:
        NonFiniteError: A term, gradient or weight is not finite. No checkpoint holds it.
        Interrupted: Some rank was asked to stop; a checkpoint was written first.
        DiskFullError: No room for a checkpoint; older ones stand.
        StoreError: The checkpoint found is not this run's.
        ConfigError: The engine cannot carry out the recipe.
        MissingDependencyError: The engine's library is not installed.
    """
    _Attempt(task, recipe, world, monitor or Monitor(), checkpoints).run()


class _Attempt(Generic[B]):
    """One call of `fit`."""

    def __init__(
        self, task: Task[B], recipe: Recipe, world: World, monitor: Monitor, checkpoints: Checkpoints | None
    ) -> None:
        self._task, self._recipe, self._world = task, recipe, world
        self._monitor, self._checkpoints = monitor, checkpoints
        self._schedule = recipe.schedule
        self._running = recipe.engine.build(task.module, recipe.optimiser, world, recipe.precision)
        self._window = Window()

    def run(self) -> None:
        start = self._resume()
        if self._world.rank == 0:
            self._monitor.start(start)
        if start >= self._schedule.num_steps:
            return
        batches = self._batches(start)
        batch = next(batches)
        self._running.rehearse(lambda: self._terms(batch)["loss"])
        self._clock = Clock(start)
        for step in range(start, self._schedule.num_steps):
            self._step(step, batch if step == start else next(batches))

    def _resume(self) -> int:
        return resume(
            self._running,
            self._checkpoints,
            seed=self._task.seed,
            steps_per_epoch=self._schedule.steps_per_epoch,
            world=self._world,
            monitor=self._monitor,
        )

    def _batches(self, start: int) -> Iterator[B]:
        """The task's batches, fetched without moving the random state."""
        with kept(self._world.device):
            batches = self._task.batches(start)
        while True:
            with kept(self._world.device):
                batch = next(batches)
            yield batch

    def _terms(self, batch: B) -> Mapping[str, Tensor]:
        with autocast(self._recipe.precision, self._world.device):
            return self._task.terms(self._running.model, batch)

    def _step(self, step: int, batch: B) -> None:
        """The step that follows `step` others, and what falls due after it."""
        terms = self._terms(batch)
        self._running.backward(terms["loss"])
        done = step + 1
        norm = self._running.gradient_norm() if self._is_log_step(done) else None
        self._running.step(self._schedule.lr(step))
        self._window.add(terms)
        if norm is not None:
            self._log(done, norm)
            self._look_up(done)

    def _is_log_step(self, done: int) -> bool:
        return done % self._recipe.cadence.log_every == 0 or done == self._schedule.num_steps

    def _log(self, done: int, norm: Tensor) -> None:
        steps_per_epoch = self._schedule.steps_per_epoch
        terms = self._window.read(done, steps_per_epoch)
        refuse_non_finite_gradient(norm, done)
        values = {
            **{f"train/{name}": value for name, value in terms.items()},
            "train/lr": self._schedule.lr(done - 1),
            "train/gradient_norm": float(norm),
            "train/epoch": done / steps_per_epoch,
            "rate/pairs_per_second": self._clock.rate(done) * self._task.global_batch_size,
        }
        if self._world.rank == 0:
            self._monitor.metrics(done, values)

    def _look_up(self, done: int) -> None:
        """Write a checkpoint where one is due, or where some rank was asked to stop, which ends the attempt."""
        finished = done == self._schedule.num_steps
        stop = any_over_ranks(self._monitor.stop_requested()) and not finished
        if stop or finished or done % self._recipe.cadence.checkpoint_every == 0:
            self._checkpoint(done)
            self._clock = Clock(done)
        if stop:
            raise Interrupted(done)

    def _checkpoint(self, done: int) -> None:
        refuse_non_finite(self._running.tensors(), done)
        if self._checkpoints is None:
            return
        state = snapshot(self._running, done, self._schedule.steps_per_epoch, self._world)
        if self._world.rank == 0:
            self._checkpoints.save(done, state)
            self._monitor.checkpointed(done)
