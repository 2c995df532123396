"""Probing: how well a linear head on frozen features tells a label (paper, section 2.2).

"With the encoder's weights frozen, we assess model performance by training a
classifier." A probe is named by what it reads, its view, its evaluation set and its
label. The floors of a table are probes, too, of features that nobody trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.config.base import Since
from harness.config.identity import digest
from harness.config.plain import to_plain
from harness.data.augment import Augmentation
from harness.data.datasets import Dataset
from harness.data.views import View
from harness.errors import ConfigError
from harness.evaluation.heads import Head
from harness.evaluation.heads.stepped import Stepped
from harness.grid.stage import Outcome, Price, Stage
from harness.grid.work import Work
from jobs.data import at_hand, located, made_before
from jobs.features import Features, Source
from jobs.training import Training

if TYPE_CHECKING:
    from harness.data.manifest import Label
    from harness.data.packed import PackedSet


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
    """

    data: Dataset
    view: View
    label: str
    features: Features
    head: Head
    fraction: float = Field(default=1.0, gt=0, le=1)
    head_inputs: Annotated[Literal["cached", "augmented"], Since("cached")] = "cached"
    augmentation: Annotated[Augmentation | None, Since(None)] = None

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
        """`branch` stands for the features of that branch of the run that is read."""
        return ("branch",)

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Stage.settle`: the head that suits the features, where none is named."""
        settled = dict(settings)
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
        """See `Stage.beside`: the same images, label and head's data, on other features."""
        followed = cls.follow(settings, first, "")
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
        assert isinstance(self.head, Stepped)
        return Price(f"probe augmented {self.features.name} {self.data.size}", 1.0 + self.head.epochs, 0.1)

    def __call__(self, work: Work) -> Outcome:
        """Train the head on the training split's features, test it on the test split's."""
        from harness.data.pack import pack
        from harness.evaluation.metrics import at_majority_rate, measure
        from harness.evaluation.per_class import per_class
        from harness.evaluation.predictions import write_predictions
        from harness.training.determinism import deterministic
        from jobs.run.labelled import labelled_rows
        from jobs.run.probed import predicted

        deterministic(work.threads)
        packed = pack(located(self.data, work.store), work.store.packs)
        label = packed.label(self.label)
        train, test = labelled_rows(packed, label, self.fraction)
        source = Source(packed, self.view, train, self.seed, work)
        predictions = predicted(self, source, label, test)
        write_predictions(work.path("predictions.parquet"), predictions)
        found = measure(predictions)
        if work.journal is not None:
            work.journal.start(0, 0)
            work.journal.metrics(1, {f"test/{name}": value for name, value in found.items() if value == value})
        facts = {
            **self._facts(packed, label, test),
            **self.features.facts(work),
            **self._augmented_by(work),
            **per_class(predictions),
            "at_majority": at_majority_rate(predictions),
        }
        facts["target_in_pair"] = any(
            name in label.derived_from and name != self.view.modality for name in facts.get("paired", ())
        )
        metrics = {f"test/{name}": value for name, value in found.items() if value == value}
        return Outcome(metrics, facts, {"predictions": work.path("predictions.parquet")})

    def _augmented_by(self, work: Work) -> dict[str, Any]:
        """Who computes the augmentation, where there is one."""
        if self.augmentation is None:
            return {}
        return {"augmented_by": self.augmentation.backend_on(work.world.device.type)}

    def _facts(self, packed: PackedSet, label: Label, test: NDArray[np.int64]) -> dict[str, Any]:
        values = label.values[test].tolist()
        ids = [packed.ids[row] for row in test]
        return {
            "classes": list(label.classes),
            "derived_from": list(label.derived_from),
            "evaluation_set": digest({"ids": ids, "label": label.name, "values": values})[:12],
            "group_kind": packed.group_kind,
            "synthetic": packed.synthetic,
            "data_name": packed.name,
        }


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
