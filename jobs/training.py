"""What every stage that trains an encoder has: data, optimiser, length, batch, precision.

Pre-training, the supervised baseline and the translation of images are trained by one
protocol (paper, section 2.2) and differ in what they put on top of the encoder.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field

from harness.config.base import Placement, Since
from harness.config.plain import to_plain
from harness.data.augment import Augmentation
from harness.data.datasets import Dataset
from harness.data.loaders import Loader
from harness.data.views import View
from harness.errors import ConfigError
from harness.grid.stage import Price, Stage
from harness.models.encoders import Encoder
from harness.training.engines import Engine
from harness.training.engines.ddp import Ddp
from harness.training.optimiser import Adam
from harness.training.schedule import WarmupCosine
from jobs.data import at_hand, made_before, train_samples
from jobs.nuclei import Nuclei
from jobs.protocol import Name, departures, laid_under

CPU_GFLOPS = 60.0
ASSUMED_GFLOPS = 1.0
ASSUMED_SAMPLES = 1000
BYTES = 4
PASSES = 3


class Seen(NamedTuple):
    """What one input of a training run is: a view, and what is done to it anew in each epoch."""

    view: View
    augmentation: Augmentation


class Training(Stage):
    """A run that trains encoders.

    The defaults are the paper's: 100 epochs, a global batch of 128, Adam at 1e-4 with a
    warm-up of a tenth of an epoch and a cosine to zero.

    Attributes:
        protocol: What the settings are compared with; named in a grid file it also stands
            for all of its settings (`jobs.protocol`).
        data: The data set; its training split is used.
        optimiser: Adam's settings.
        schedule: The learning rate's course.
        epochs: Passes over the training split, each without its incomplete last batch.
        steps: Optimiser steps in all, in place of `epochs`: for a comparison of fractions at
            equal length, where the paper's equal epochs give a hundredth of the data a
            hundredth of the steps.
        global_batch_size: Samples a step over all ranks together.
        precision: fp32, or bf16 for autocast; the objective is in fp32 either way.
        engine: How the run is carried out over ranks.
        compile: Whether each encoder goes through torch.compile, which takes seconds to minutes
            at a run's start and rounds otherwise.
        normalise: `dataset` standardises inputs by the training split's mean and deviation,
            `none` leaves them on a scale of 0..1, `raw` on one of 0..255.
        batch_norm_group: Samples that batch norm takes its statistics from: None for the
            whole global batch, else the rank's own share of it, which must be this number.
        fraction: The share of the training split that is used, stratified by `stratify_by`.
        stratify_by: The label by which a fraction is drawn.
        shuffle_window: None goes through a fresh permutation of all samples in each epoch;
            a number draws from a window of as many samples that moves over the file order.
        loader: Who reads the packed data.
        checkpoint_every: Steps between checkpoints; None for once an epoch.
        log_every: Steps between journal entries.
    """

    protocol: Annotated[Name, Placement()] = "paper"
    data: Dataset
    optimiser: Adam = Adam()
    schedule: WarmupCosine = WarmupCosine()
    epochs: int = Field(default=100, ge=1)
    steps: Annotated[int | None, Since(None), Field(ge=1)] = None
    global_batch_size: int = Field(default=128, ge=2)
    precision: Literal["fp32", "bf16"] = "fp32"
    engine: Annotated[Engine, Since(Ddp())] = Field(default="ddp", validate_default=True)
    compile: Annotated[bool, Since(False)] = False
    normalise: Literal["dataset", "none", "raw"] = "dataset"
    batch_norm_group: int | None = Field(default=None, ge=2)
    fraction: float = Field(default=1.0, gt=0, le=1)
    stratify_by: str | None = None
    shuffle_window: Annotated[int | None, Since(None), Field(ge=2)] = None
    loader: Annotated[Loader, Placement()] = Field(default="torch", validate_default=True)
    checkpoint_every: Annotated[int | None, Placement()] = Field(default=None, ge=1)
    log_every: Annotated[int, Placement()] = Field(default=10, ge=1)

    @abstractmethod
    def seen(self) -> tuple[Seen, ...]:
        """The inputs, one for each branch, in order."""

    def targets(self) -> tuple[Seen, ...]:
        """Images that are to be predicted: fed like inputs, after them, but always on a scale of 0..1."""
        return ()

    @abstractmethod
    def encoder_of(self, branch: int) -> tuple[Encoder, str]:
        """The encoder that a branch's view goes through, and the name of the artifact that holds it when trained."""

    def labels(self) -> tuple[str | None, ...]:
        """Labels that are read, Nones passed over."""
        return (self.stratify_by,)

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Stage.settle`: the settings of a protocol that is named."""
        return laid_under(settings, cls.model_fields, cls.short_forms())

    @classmethod
    def follow(cls, settings: Mapping[str, Any], upstream: Stage, key: str) -> dict[str, Any]:
        """See `Stage.follow`: the data of a segmentation, with the masks that it makes."""
        if not isinstance(upstream, Nuclei):
            raise ConfigError(f"a stage {cls.name!r} cannot read a stage {upstream.name!r}", legal=[Nuclei.name])
        below = {"data": {**to_plain(upstream.data), "nuclei_run": key}, "seed": upstream.seed}
        return below | dict(settings)

    def inputs(self) -> tuple[str, ...]:
        """The run that makes the nuclear masks, where the grid makes them."""
        return made_before(self.data)

    def check(self, ranks: int) -> None:
        """See `Stage.check`: the batch must divide, and a local batch norm must have the size it says."""
        if self.global_batch_size % ranks:
            legal = [n for n in range(1, self.global_batch_size + 1) if self.global_batch_size % n == 0]
            raise ConfigError(
                f"a global_batch_size of {self.global_batch_size} cannot be shared by {ranks} ranks",
                where=f"global_batch_size, resources.{self.name}.ranks",
                legal=f"{', '.join(map(str, legal[:12]))} ranks",
            )
        share = self.global_batch_size // ranks
        if self.batch_norm_group not in (None, share):
            raise ConfigError(
                f"batch_norm_group is {self.batch_norm_group}, but a rank has {share} samples",
                legal=f"{share}, or null for statistics over the whole global batch",
            )

    def tags(self) -> dict[str, str]:
        """Protocol and fraction."""
        changed = any(True for _ in departures(self))
        return {"protocol": f"{self.protocol}{', changed' * changed}", "fraction": f"{self.fraction:g}"}

    def pinned(self, cache: Path) -> Self | None:
        """See `Stage.pinned`."""
        views = [seen.view for seen in (*self.seen(), *self.targets())]
        data = at_hand(self.data, cache, views, self.labels())
        return None if data is None else self.model_copy(update={"data": data})

    def priced(self, encoders: Iterable[Encoder], passes: int, more_parameters: int = 0) -> Price:
        """Samples, at a rate from the encoders' operations where nothing like it has been measured.

        Args:
            encoders: Those that are trained.
            passes: Forward passes of an encoder for each sample.
            more_parameters: Trained numbers beside the encoders'.
        """
        encoders = list(encoders)
        flops = [encoder.gflops(self.data.size) or ASSUMED_GFLOPS for encoder in encoders]
        names = dict.fromkeys(encoder_name(encoder) for encoder in encoders)
        kept = sum(encoder.parameters() or 0 for encoder in encoders)
        return Price(
            key=" ".join([self.name, *names, str(self.data.size), self.precision]),
            units=self._samples(),
            assumed_rate=CPU_GFLOPS / (PASSES * passes * sum(flops) / len(flops)),
            live_bytes=2 * 3 * BYTES * (kept + more_parameters),
            final_bytes=BYTES * kept,
        )

    def _samples(self) -> float:
        """Samples that are gone through in all."""
        if self.steps is not None:
            return self.steps * self.global_batch_size
        return self.epochs * (train_samples(self.data) or ASSUMED_SAMPLES) * self.fraction


def encoder_name(encoder: Encoder) -> str:
    """How tables and prices call an encoder: timm's by the model."""
    return str(getattr(encoder, "model", encoder.name))
