"""Probes at work: from the data set to features, head, predictions and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.data.pack import pack
from harness.grid.stage import Outcome
from harness.training.determinism import deterministic
from jobs.data import located
from jobs.features import Source
from jobs.run.announced import announce
from jobs.run.kept import kept
from jobs.run.labelled import labelled_rows
from jobs.run.subset import ARTIFACT, write_subset
from jobs.run.tested import tested

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.packed import PackedSet
    from harness.evaluation.heads import Fitted
    from harness.grid.work import Work
    from jobs.features import Floats
    from jobs.probe import Probe
    from jobs.run.labelled import Rows


def opened(probe: Probe, work: Work) -> PackedSet:
    """The data set of a probe; from here on its process computes the same bits whenever it is given the same work."""
    deterministic(work.threads)
    return pack(located(probe.data, work.store), work.store.packs)


class Probed:
    """One probe on an opened data set.

    Args:
        probe: The settings.
        work: The worker's part.
        packed: The data set.

    Attributes:
        train: Rows that the head is trained on.
        test: Rows that it is tested on.
        source: The images.

    Raises:
        DataError: A split has no labelled sample, or lacks a class that the other one has.
    """

    def __init__(self, probe: Probe, work: Work, packed: PackedSet) -> None:
        print(announce(probe, work.run.key), flush=True)
        self.probe, self.work, self.packed = probe, work, packed
        self.label = packed.label(probe.label)
        self.train, self.test = labelled_rows(packed, self.label, probe.fraction)
        self.source = Source(packed, probe.view, self.train, probe.seed, work)

    def features(self, rows: Rows) -> Floats:
        """The features of some rows as they are, kept for other heads where that is worth it."""
        features = self.probe.features
        make = partial(features.extract, self.source, rows)
        basis = features.basis(self.source) if self.probe.keep_features else None
        return make() if basis is None else kept(self.source, basis, rows, make)

    def outcome(self) -> Outcome:
        """Train the head on the training rows' features, and test it."""
        train, probe = self.train, self.probe
        features = self.features(np.concatenate([train, self.test]))
        fitted = probe.head.fit(features[: len(train)], self.label.values[train], len(self.label.classes), probe.seed)
        if self.work.journal is not None:
            self.work.journal.start(0, 0)
        return self.tested(fitted, features[len(train) :], 1)

    def tested(self, fitted: Fitted, features: Floats, step: int) -> Outcome:
        """What a trained head says of the test rows.

        Args:
            fitted: The head.
            features: Of the test rows.
            step: Under which the journal has the metrics.
        """
        path = self.work.path("predictions.parquet")
        metrics, facts = tested(self.packed, self.label, self.test, fitted(features), path)
        if self.work.journal is not None:
            self.work.journal.metrics(step, metrics)
        return Outcome(metrics, facts | self._facts(), {"predictions": path, **self._samples()})

    def _facts(self) -> dict[str, Any]:
        """What tables should know of the features."""
        probe = self.probe
        facts = dict(probe.features.facts(self.work))
        if probe.augmentation is not None:
            facts["augmented_by"] = probe.augmentation.backend_on(self.work.world.device.type)
        others = [name for name in facts.get("paired", ()) if name != probe.view.modality]
        return {**facts, "target_in_pair": any(name in self.label.derived_from for name in others)}

    def _samples(self) -> Mapping[str, Path]:
        """Of a fraction, which samples it is made of."""
        if self.probe.fraction == 1:
            return {}
        path = self.work.path(f"{ARTIFACT}.csv")
        write_subset(path, self.packed, self.train)
        return {ARTIFACT: path}


def probed(parts: Sequence[tuple[Probe, Work]]) -> Iterator[tuple[int, Outcome]]:
    """Probes of features that are made once, one after the other."""
    for place, (probe, work) in enumerate(parts):
        yield place, Probed(probe, work, opened(probe, work)).outcome()
