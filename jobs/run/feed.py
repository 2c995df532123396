"""What a training run is fed with: its rows in their order, and each input from stored bytes to the encoder."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from harness.data.order import EpochOrder
from harness.data.pack import pack
from harness.data.source import Source
from harness.training.recipe import Cadence, Recipe
from jobs.data import located
from jobs.run.represent import Standardise
from jobs.run.statistics import scaling
from jobs.run.subset import ARTIFACT, write_subset

if TYPE_CHECKING:
    from harness.data.packed import PackedSet
    from harness.grid.work import Work
    from jobs.training import Seen, Training


@dataclass(frozen=True)
class Fed:
    """A step's input on this rank.

    Attributes:
        step: Optimiser steps done before it.
        inputs: A tensor for each input of the stage, then one for each target.
        rows: The rows of the data set, one a sample.
    """

    step: int
    inputs: tuple[Tensor, ...]
    rows: NDArray[np.int64]


class Feed:
    """One rank's share of the batches of a training run.

    Args:
        stage: The settings.
        work: This rank's part in the attempt.
        choose: Which rows are trained on; None for the training split, or the fraction of it.

    Attributes:
        packed: The data set, verified by the first rank.
        rows: Rows that are trained on.
        steps_per_epoch: Whole global batches in them.
        inputs: How each input is made, then each target.
    """

    def __init__(
        self, stage: Training, work: Work, choose: Callable[[PackedSet], NDArray[np.int64]] | None = None
    ) -> None:
        self.stage, self.work = stage, work
        self.packed = pack(located(stage.data, work.store), work.store.packs, verify=work.is_main)
        split = self.packed.rows("train", stage.fraction, stage.stratify_by)
        self.rows = split if choose is None else choose(self.packed)
        self._order = EpochOrder(self.rows, stage.seed, stage.shuffle_window)
        self.steps_per_epoch = self._order.steps(stage.global_batch_size)
        fed = [*((each, stage.normalise) for each in stage.seen()), *((each, "none") for each in stage.targets())]
        self.inputs = tuple(Input(seen, number, self, scale) for number, (seen, scale) in enumerate(fed))

    @property
    def num_steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.recipe().schedule.num_steps

    def recipe(self) -> Recipe:
        """How the run is trained: a checkpoint an epoch where the settings do not say otherwise."""
        stage = self.stage
        every = stage.checkpoint_every or stage.log_every * math.ceil(self.steps_per_epoch / stage.log_every)
        return Recipe(
            optimiser=partial(stage.optimiser.build, global_batch_size=stage.global_batch_size),
            schedule=stage.schedule.build(stage.optimiser.lr, stage.epochs, self.steps_per_epoch, stage.steps),
            cadence=Cadence(stage.log_every, every),
            precision=stage.precision,
            engine=stage.engine,
        )

    def samples(self) -> dict[str, Path]:
        """Of a fraction, the file that says which samples it is made of, by the name of the artifact."""
        if self.stage.fraction == 1:
            return {}
        path = self.work.path(f"{ARTIFACT}.csv")
        write_subset(path, self.packed, self.rows)
        return {ARTIFACT: path}

    def batches(self, start: int) -> Iterator[Fed]:
        """This rank's batches from a step on, for as long as anyone asks."""
        world, size = self.work.world, self.stage.global_batch_size
        sources = tuple(dict.fromkeys(each.source for each in self.inputs))
        load = self.stage.loader.build(self.packed, sources, world.device)
        addresses = (divmod(step, self.steps_per_epoch) for step in itertools.count(start))
        rows = (self._order.batch(epoch, step, size, world.rank, world.size) for epoch, step in addresses)
        for step, batch in zip(itertools.count(start), load(rows), strict=False):
            arrays = dict(zip(sources, (array.to(world.device) for array in batch.arrays), strict=True))
            epoch = step // self.steps_per_epoch
            yield Fed(step, tuple(each(arrays, batch.keys, epoch) for each in self.inputs), batch.rows)


class Input:
    """From stored arrays to one input of the stage.

    Args:
        seen: Its view and augmentation.
        number: Its place among the inputs, under which augmentations are drawn.
        feed: The data, and the run that it is of.
        normalise: How it is scaled; see `scaling`.

    Attributes:
        statistics: Mean and standard deviation of each channel by which it is standardised.
    """

    def __init__(self, seen: Seen, number: int, feed: Feed, normalise: str) -> None:
        self.source, self.number = seen.view.source, number
        self.view = seen.view.build()
        self.augment = seen.augmentation.build(feed.stage.seed)
        mean, std = scaling(feed.packed, seen.view, normalise)
        self.statistics = (mean.tolist(), std.tolist())
        self.standardise = Standardise(*self.statistics, feed.work.world.device)

    def __call__(self, arrays: Mapping[Source, Tensor], keys: NDArray[np.uint64], epoch: int) -> Tensor:
        """One batch as the encoder takes it."""
        seen = self.view(arrays[self.source], keys)
        return self.standardise(self.augment(seen, keys, epoch, self.number))
