"""How long a run trains, and its learning rate at each step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

from harness.config.base import Config
from harness.errors import ConfigError


@dataclass(frozen=True)
class Schedule:
    """A run's length and learning rate.

    Attributes:
        num_epochs: Passes over the training set.
        steps_per_epoch: Whole global batches in it.
        lr: The learning rate of a step, given how many steps were done before it.
        steps: Optimiser steps in all, where they and not the passes are fixed.
    """

    num_epochs: int
    steps_per_epoch: int
    lr: Callable[[int], float]
    steps: int | None = None

    @property
    def num_steps(self) -> int:
        """Optimiser steps in all."""
        return self.num_epochs * self.steps_per_epoch if self.steps is None else self.steps


class WarmupCosine(Config):
    """A linear warm-up and half a cosine, as a pure function of the step.

    With T steps in all, w = int(warmup_epochs x steps_per_epoch) of them warm-up, and a
    peak p, the step that follows t others has

    - p t / w for t < w: the very first step has a rate of 0 where there is a warm-up;
    - p (1 + cos(pi (t - w) / (T - w))) / 2 from w on: p at w, and 0 at T, which is where
      the schedule ends and the rate of a step that is not taken any more.

    This is the authors' schedule ("warm-up of 1/10 epoch, cosine": 78 of 78,100 steps).

    Attributes:
        warmup_epochs: In epochs; rounded down to whole steps, so it may come to none.
    """

    warmup_epochs: float = Field(default=0.1, ge=0)

    def build(self, peak: float, num_epochs: int, steps_per_epoch: int, steps: int | None = None) -> Schedule:
        """The schedule of a run.

        Args:
            peak: The highest learning rate.
            num_epochs: Passes over the training set.
            steps_per_epoch: Whole global batches in it.
            steps: Optimiser steps in all, in place of `num_epochs`.

        Raises:
            ConfigError: There is nothing to train, or the warm-up does not end before the run.
        """
        total = num_epochs * steps_per_epoch if steps is None else steps
        warmup = int(self.warmup_epochs * steps_per_epoch)
        if total <= 0:
            raise ConfigError(
                f"{num_epochs} epochs of {steps_per_epoch} steps leave nothing to train",
                mend="take a global batch no larger than the training set, and one epoch or more",
            )
        if warmup >= total:
            raise ConfigError(
                f"a warm-up of {self.warmup_epochs} epochs does not end before the run's {total / steps_per_epoch:g}",
                legal=f"less than {total / steps_per_epoch:g}",
                mend="shorten the warm-up or train longer",
            )
        return Schedule(num_epochs, steps_per_epoch, lambda step: warmup_cosine(step, peak, warmup, total), steps)


def warmup_cosine(step: int, peak: float, warmup: int, total: int) -> float:
    """The learning rate after `step` steps; see `WarmupCosine`."""
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2
