"""Probing: how well a linear head on frozen features tells a label (paper, section 2.2).

"With the encoder's weights frozen, we assess model performance by training a
classifier." A probe is named by what it reads, its view, its evaluation set and its
label. The floors of a table are probes, too, of features that nobody trained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from harness.config.base import Placement, Since
from harness.config.identity import digest
from harness.config.plain import to_plain
from harness.data.augment import Augmentation
from harness.data.datasets import Dataset
from harness.data.views import View
from harness.errors import ConfigError, HarnessError
from harness.evaluation.heads import Head
from harness.evaluation.heads.stepped import Stepped
from harness.grid.stage import Outcome, Price, Stage
from harness.grid.work import Work
from jobs.data import at_hand, made_before, train_samples
from jobs.features import Features
from jobs.protocol import laid_under_probe
from jobs.training import ASSUMED_SAMPLES, Training

AUGMENTING = ("protocol", "head_inputs", "augmentation")


class Probe(Stage, name="probe"):
    """A head on frozen features.

    Attributes:
        data: The data set that is probed; that of the run it reads where the grid file is silent.
        view: What the encoder looks at; its branch's view where the grid file is silent.
        label: The target.
        features: What the head is trained on.
        head: The classifier; None takes what suits the features.
        fraction: The share of the training split that the head sees.
        head_inputs: What the head is trained on: `cached`, the features of the patches as
            they are, made once; or `augmented`, those of patches augmented anew in each
            epoch, as in the paper, for an encoder's features and a head trained by steps.
            Testing has no augmentation either way.
        augmentation: Of `augmented`; Table S1's where none is named.
        keep_features: Whether features that are made once stay in the store's folder
            `features`, so that other heads of the encoder need no forward pass: 4 bytes a
            number, 0.9 GB for ResNet-50 on NCT-CRC-HE. They can be removed at any time.
    """

    data: Dataset
    view: View
    label: str
    features: Features
    head: Head
    fraction: float = Field(default=1.0, gt=0, le=1)
    head_inputs: Annotated[Literal["cached", "augmented"], Since("cached")] = "cached"
    augmentation: Annotated[Augmentation | None, Since(None)] = None
    keep_features: Annotated[bool, Placement()] = True

    @model_validator(mode="before")
    @classmethod
    def _table_s1(cls, settings: Any) -> Any:
        named = not isinstance(settings, dict) or settings.get("augmentation") is not None
        if named or settings.get("head_inputs") != "augmented":
            return settings
        return {**settings, "augmentation": "table_s1"}

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.head_inputs == "augmented":
            _check_fits("features", self.features.name, [n for n, f in Features.catalogue().items() if f.augmentable])
            _check_fits("head", self.head.name, [n for n, h in Head.catalogue().items() if issubclass(h, Stepped)])
        elif self.augmentation is not None:
            raise ConfigError(
                f"the augmentation {self.augmentation.name!r} has no effect on cached features",
                where="augmentation",
                legal="null",
                mend="take it out, or set head_inputs: augmented",
            )
        return self

    @classmethod
    def short_forms(cls) -> tuple[str, ...]:
        """`branch` stands for the features of that branch of the run that is read, `protocol` for settings."""
        return ("branch", "protocol")

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Stage.settle`: a protocol's settings, and the head that suits the features, where none is named."""
        settled = laid_under_probe(settings)
        if "head" not in settled and "features" in settled:
            settled["head"] = Features.parse(settled["features"]).default_head()
        return settled

    @classmethod
    def follow(cls, settings: Mapping[str, Any], upstream: Stage, key: str) -> dict[str, Any]:
        """See `Stage.follow`: data, view and seed of the run that is read.

        Raises:
            ConfigError: That run trains no encoder, or has no such branch.
        """
        if not isinstance(upstream, Training):
            raise ConfigError(f"a probe cannot read a stage {upstream.name!r}", legal="a stage that trains an encoder")
        followed = dict(settings)
        branch, num_branches = followed.pop("branch", 0), len(upstream.seen())
        if branch not in range(num_branches):
            raise ConfigError(f"there is no branch {branch!r}", where="branch", legal=f"0 to {num_branches - 1}")
        own = {"name": "encoder", "run": key, "branch": branch}
        below = {"data": to_plain(upstream.data), "seed": upstream.seed, "features": own}
        below["view"] = to_plain(upstream.seen()[branch].view)
        return below | followed

    @classmethod
    def beside(cls, settings: Mapping[str, Any], first: Stage) -> dict[str, Any]:
        """See `Stage.beside`: the same images, label and head's data, on other features.

        Those that cannot be augmented are made of the patches as they are.
        """
        followed = cls.follow(settings, first, "")
        if not Features.parse(settings.get("features", "majority")).augmentable:
            followed = {key: value for key, value in followed.items() if key not in AUGMENTING}
        return {**followed, "features": settings.get("features", "majority"), "seed": settings.get("seed", 0)}

    def inputs(self) -> tuple[str, ...]:
        """The run that trained the features, if one did, and that which makes the nuclear masks."""
        return (*self.features.inputs(), *made_before(self.data))

    def pinned(self, cache: Path) -> Self | None:
        """See `Stage.pinned`."""
        data = at_hand(self.data, cache, [self.view], [self.label])
        return None if data is None else self.model_copy(update={"data": data})

    def tags(self) -> dict[str, str]:
        """Label, features and fraction."""
        return {"label": self.label, "features": self.features.name, "fraction": f"{self.fraction:g}"}

    def price(self) -> Price:
        """Forward passes of the data set; the head is cheap beside them."""
        if self.head_inputs == "cached":
            return Price(f"probe {self.features.name} {self.data.size}", 1.0, 0.1)
        return Price(f"probe augmented {self.features.name} {self.data.size}", 1.0 + self._epochs(), 0.1)

    def _epochs(self) -> float:
        """Passes over the training features, whole or begun."""
        assert isinstance(self.head, Stepped)
        if self.head.steps is None:
            return self.head.epochs
        samples = (train_samples(self.data) or ASSUMED_SAMPLES) * self.fraction
        return math.ceil(self.head.steps * self.head.global_batch_size / samples)

    def check(self, ranks: int) -> None:
        """See `Stage.check`: a head is trained by one process."""
        if ranks > 1:
            raise ConfigError(
                f"a probe cannot be shared by {ranks} ranks",
                where=f"resources.{self.name}.ranks",
                legal="1",
                mend="take runs_per_job to compute several probes in one job",
            )

    def __call__(self, work: Work) -> Outcome:
        """Train the head on training features, test it on the test split's."""
        ((_, found),) = self.compute_together([(self, work)])
        if isinstance(found, HarnessError):
            raise found
        return found

    def together(self) -> str | None:
        """See `Stage.together`: heads on the same augmented patches of one encoder."""
        if self.augmentation is None:
            return None
        parts = (self.features, self.view, self.data, self.augmentation)
        return digest([*map(to_plain, parts), self.features.drawn_by(self.seed)])

    @classmethod
    def compute_together(cls, parts: Sequence[tuple[Self, Work]]) -> Iterator[tuple[int, Outcome | HarnessError]]:
        """See `Stage.compute_together`."""
        from jobs.run.augmented import augmented
        from jobs.run.probed import probed

        yield from probed(parts) if parts[0][0].augmentation is None else augmented(parts)


def _check_fits(kind: str, name: str, legal: list[str]) -> None:
    """Check that augmented inputs are possible.

    Raises:
        ConfigError: They are not with the component of this name.
    """
    if name not in legal:
        raise ConfigError(
            f"head_inputs 'augmented' does not go with the {kind} {name!r}",
            where=f"{kind}.name",
            legal=legal,
            mend="take one of these, or head_inputs: cached",
        )
