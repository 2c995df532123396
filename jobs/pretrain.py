"""Pre-training: a joint embedding of paired views, over one rank or many (paper, section 2).

Each branch augments its view, encodes and expands it; the objective compares the
embeddings of the whole global batch, whatever the number of ranks; one optimiser
moves all weights. After the last epoch the encoders stay, the expanders do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from harness.config.base import Config, Placement
from harness.config.plain import to_plain
from harness.data.augment import Augmentation
from harness.data.datasets import Dataset
from harness.data.loaders import Loader
from harness.data.views import View
from harness.errors import ConfigError
from harness.grid.stage import Outcome, Price, Stage
from harness.grid.work import Work
from harness.models.encoders import Encoder
from harness.models.expander import Expander
from harness.objectives import Objective
from harness.training.optimiser import Adam
from harness.training.schedule import WarmupCosine
from jobs.data import at_hand, made_before, train_samples
from jobs.nuclei import Nuclei
from jobs.pairing import SHORT_FORMS, written_out

CPU_GFLOPS = 60.0
ASSUMED_GFLOPS = 1.0
ASSUMED_SAMPLES = 1000
BYTES = 4


class Branch(Config):
    """One branch of the joint embedding.

    Attributes:
        view: What it sees of a sample.
        augmentation: What is done to the view, anew in each epoch.
        encoder: Index of its encoder.
        expander: Index of its expander.
    """

    view: View
    augmentation: Augmentation
    encoder: int = Field(ge=0)
    expander: int = Field(ge=0)


class Pretrain(Stage, name="pretrain"):
    """A self-supervised training run.

    The defaults are the paper's: 100 epochs, a global batch of 128, Adam at 1e-4 with a
    warm-up of a tenth of an epoch and a cosine to zero.

    Attributes:
        data: The paired data set; its training split is used.
        branches: Two or more.
        encoders: What the branches' encoder indices name.
        expanders: What their expander indices name.
        objective: What is minimised.
        optimiser: Adam's settings.
        schedule: The learning rate's course.
        epochs: Passes over the training split, each without its incomplete last batch.
        global_batch_size: Pairs a step over all ranks together.
        precision: fp32, or bf16 for autocast; the objective is in fp32 either way.
        normalise: Standardise inputs by the training split's mean and deviation, or not at all.
        batch_norm_group: Samples that batch norm takes its statistics from: None for the
            whole global batch, else the rank's own share of it, which must be this number.
        fraction: The share of the training split that is used, stratified by `stratify_by`.
        stratify_by: The label by which a fraction is drawn.
        online_probe: A label that a linear head learns along, as a diagnostic that reaches no encoder.
        loader: Who reads the packed data.
        checkpoint_every: Steps between checkpoints; None for once an epoch.
        log_every: Steps between journal entries.
    """

    data: Dataset
    branches: tuple[Branch, ...] = Field(min_length=2)
    encoders: tuple[Encoder, ...]
    expanders: tuple[Expander, ...]
    objective: Objective
    optimiser: Adam = Adam()
    schedule: WarmupCosine = WarmupCosine()
    epochs: int = Field(default=100, ge=1)
    global_batch_size: int = Field(default=128, ge=2)
    precision: Literal["fp32", "bf16"] = "fp32"
    normalise: Literal["dataset", "none"] = "dataset"
    batch_norm_group: int | None = Field(default=None, ge=2)
    fraction: float = Field(default=1.0, gt=0, le=1)
    stratify_by: str | None = None
    online_probe: str | None = None
    loader: Annotated[Loader, Placement()] = Field(default="torch", validate_default=True)
    checkpoint_every: Annotated[int | None, Placement()] = Field(default=None, ge=1)
    log_every: Annotated[int, Placement()] = Field(default=10, ge=1)

    @classmethod
    def short_forms(cls) -> tuple[str, ...]:
        """See `jobs.pairing`."""
        return SHORT_FORMS

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Stage.settle`."""
        return written_out(settings)

    @model_validator(mode="after")
    def _indices(self) -> Self:
        for kind, components in (("encoder", self.encoders), ("expander", self.expanders)):
            used = {getattr(branch, kind) for branch in self.branches}
            if used != set(range(len(components))):
                raise ConfigError(
                    f"the branches use the {kind}s {sorted(used)}, but {len(components)} are declared",
                    where=f"{kind}s",
                    mend=f"declare each {kind} that a branch names, and no other",
                )
        return self

    @classmethod
    def follow(cls, settings: Mapping[str, Any], upstream: Stage, key: str) -> dict[str, Any]:
        """See `Stage.follow`: the data of a segmentation, with the masks that it makes."""
        if not isinstance(upstream, Nuclei):
            raise ConfigError(f"a pre-training cannot read a stage {upstream.name!r}", legal=[Nuclei.name])
        below = {"data": {**to_plain(upstream.data), "nuclei_run": key}, "seed": upstream.seed}
        return below | dict(settings)

    def inputs(self) -> tuple[str, ...]:
        """The run that makes the nuclear masks, where the grid makes them."""
        return made_before(self.data)

    def check(self, ranks: int) -> None:
        """See `Stage.check`: the batch must divide, and a local batch norm must have the size it says."""
        self.objective.check_branches(len(self.branches))
        if self.global_batch_size % ranks:
            legal = [n for n in range(1, self.global_batch_size + 1) if self.global_batch_size % n == 0]
            raise ConfigError(
                f"a global_batch_size of {self.global_batch_size} cannot be shared by {ranks} ranks",
                where="global_batch_size, resources.pretrain.ranks",
                legal=f"{', '.join(map(str, legal[:12]))} ranks",
            )
        share = self.global_batch_size // ranks
        if self.batch_norm_group not in (None, share):
            raise ConfigError(
                f"batch_norm_group is {self.batch_norm_group}, but a rank has {share} samples",
                legal=f"{share}, or null for statistics over the whole global batch",
            )

    def pinned(self, cache: Path) -> Self | None:
        """See `Stage.pinned`."""
        views = [branch.view for branch in self.branches]
        data = at_hand(self.data, cache, views, [self.online_probe, self.stratify_by])
        return None if data is None else self.model_copy(update={"data": data})

    def tags(self) -> dict[str, str]:
        """Objective, encoders, pairing, sharing and fraction."""
        views = [branch.view.title for branch in self.branches]
        shared = len(self.encoders) == 1
        return {
            "objective": self.objective.name,
            "encoder": ", ".join(dict.fromkeys(_encoder_name(encoder) for encoder in self.encoders)),
            "pairing": ("symmetric" if len(set(views)) == 1 else "asymmetric") + f" ({', '.join(views)})",
            "shared_weights": "yes" if shared else "no",
            "fraction": f"{self.fraction:g}",
        }

    def price(self) -> Price:
        """Pairs, at a rate from the encoders' operations where nothing like it has been measured."""
        samples = train_samples(self.data) or ASSUMED_SAMPLES
        flops = [encoder.gflops(self.data.size) or ASSUMED_GFLOPS for encoder in self.encoders]
        names = [_encoder_name(encoder) for encoder in self.encoders]
        return Price(
            key=" ".join(["pretrain", *dict.fromkeys(names), str(self.data.size), self.precision]),
            units=self.epochs * samples * self.fraction,
            assumed_rate=CPU_GFLOPS / (3 * len(self.branches) * sum(flops) / len(flops)),
            live_bytes=2 * 3 * BYTES * self._weights(),
            final_bytes=BYTES * sum(encoder.parameters() or 0 for encoder in self.encoders),
        )

    def _weights(self) -> int:
        """Trained numbers, as far as they are known without torch."""
        encoders = sum(encoder.parameters() or 0 for encoder in self.encoders)
        return encoders + sum(expander.parameters(expander.width) for expander in self.expanders)

    def __call__(self, work: Work) -> Outcome:
        """Train to the last epoch, then keep the encoders."""
        from jobs.run.joint_embedding import JointEmbedding

        return JointEmbedding(self, work).outcome()


def _encoder_name(encoder: Encoder) -> str:
    return str(getattr(encoder, "model", encoder.name))
