"""Probing: how well a linear head on frozen features tells a label (paper, section 2.2).

"With the encoder's weights frozen, we assess model performance by training a
classifier." A probe is named by what it reads, its view, its evaluation set and its
label. The floors of a table are probes, too, of features that nobody trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.config.identity import digest
from harness.config.plain import to_plain
from harness.data.checks import NO_LABEL
from harness.data.datasets import Dataset
from harness.data.views import View
from harness.errors import DataError
from harness.evaluation.heads import Head
from harness.grid.stage import Outcome, Price, Stage
from harness.grid.work import Work
from jobs.data import at_hand, located, made_before
from jobs.features import Features, Source

if TYPE_CHECKING:
    from harness.data.manifest import Label
    from harness.data.packed import PackedSet
    from harness.evaluation.predictions import Predictions


class Probe(Stage, name="probe"):
    """A head on frozen features.

    Attributes:
        data: The data set that is probed; that of the run it reads where the grid file is silent.
        view: What the encoder looks at; its branch's view where the grid file is silent.
        label: The target.
        features: What the head is trained on.
        head: The classifier; None takes what suits the features.
        fraction: The share of the training split that the head sees.
    """

    data: Dataset
    view: View
    label: str
    features: Features
    head: Head
    fraction: float = Field(default=1.0, gt=0, le=1)

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
        """See `Stage.follow`: data, view and seed of the run that is read."""
        followed = dict(settings)
        branch = followed.pop("branch", 0)
        own = {"name": "encoder", "run": key, "branch": branch}
        below = {"data": to_plain(upstream.data), "seed": upstream.seed, "features": own}  # type: ignore[attr-defined]
        branches = getattr(upstream, "branches", ())
        if branch < len(branches):
            below["view"] = to_plain(branches[branch].view)
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
        return Price(f"probe {self.features.name} {self.data.size}", 1.0, 0.1)

    def __call__(self, work: Work) -> Outcome:
        """Train the head on the training split's features, test it on the test split's."""
        from harness.data.pack import pack
        from harness.evaluation.metrics import at_majority_rate, measure
        from harness.evaluation.predictions import write_predictions
        from harness.training.determinism import deterministic

        deterministic(work.threads)
        packed = pack(located(self.data, work.store), work.store.packs)
        label = packed.label(self.label)
        train, test = _labelled(packed, label, "train", self.fraction), _labelled(packed, label, "test", 1.0)
        _check_classes(packed, label, {"train": train, "test": test})
        source = Source(packed, self.view, train, self.seed, work)
        predictions = self._predict(source, label, train, test)
        write_predictions(work.path("predictions.parquet"), predictions)
        found = measure(predictions)
        if work.journal is not None:
            work.journal.start(0, 0)
            work.journal.metrics(1, {f"test/{name}": value for name, value in found.items() if value == value})
        facts = {
            **self._facts(packed, label, test),
            **self.features.facts(work),
            "at_majority": at_majority_rate(predictions),
        }
        facts["target_in_pair"] = any(
            name in label.derived_from and name != self.view.modality for name in facts.get("paired", ())
        )
        metrics = {f"test/{name}": value for name, value in found.items() if value == value}
        return Outcome(metrics, facts, {"predictions": work.path("predictions.parquet")})

    def _predict(self, source: Source, label: Label, train: NDArray[np.int64], test: NDArray[np.int64]) -> Predictions:
        from harness.evaluation.predictions import Predictions

        features = self.features.extract(source, np.concatenate([train, test]))
        fitted = self.head.fit(features[: len(train)], label.values[train], len(label.classes), self.seed)
        return Predictions(
            ids=np.array(source.packed.ids)[test],
            groups=np.array(source.packed.groups)[test],
            labels=label.values[test],
            probabilities=fitted(features[len(train) :]),
        )

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


def _check_classes(packed: PackedSet, label: Label, rows: Mapping[str, NDArray[np.int64]]) -> None:
    """Check that no class is in one split alone: it could not be learnt, or not be tested.

    Raises:
        DataError: One is; a class that no sample has is passed over.
    """
    found = {split: set(label.values[taken].tolist()) for split, taken in rows.items()}
    for split, classes in found.items():
        missing = [label.classes[number] for number in sorted(set.union(*found.values()) - classes)]
        if missing:
            raise DataError(
                f"no sample of the split {split!r} of {packed.name!r} is of the class {', '.join(missing)}",
                where=f"label {label.name!r}",
                legal="every class that occurs in both splits",
                mend="split so that each class is on both sides, or take the class out of the label",
            )


def _labelled(packed: PackedSet, label: Label, split: str, fraction: float) -> NDArray[np.int64]:
    """Rows of a split that have the label.

    Raises:
        DataError: None has.
    """
    rows = packed.rows(split, fraction, label.name)
    labelled: NDArray[np.int64] = rows[label.values[rows] != NO_LABEL]
    if not len(labelled):
        raise DataError(f"no sample of the split {split!r} of {packed.name!r} has the label {label.name!r}")
    return labelled
