"""A probe's head: trained on features made once or anew in each epoch, tested on those of the patches as they are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from harness.evaluation.heads.stepped import Stepped
from harness.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from harness.data.manifest import Label
    from harness.evaluation.heads import Fitted
    from jobs.features import Floats, Source, Varied
    from jobs.probe import Probe
    from jobs.run.labelled import Rows


def predicted(probe: Probe, source: Source, label: Label, test: Rows) -> Predictions:
    """Train the head on the source's training rows, and predict the test rows."""
    fitted, features = _fitted(probe, source, label, test)
    return Predictions(
        ids=np.array(source.packed.ids)[test],
        groups=np.array(source.packed.groups)[test],
        labels=label.values[test],
        probabilities=fitted(features),
    )


def _fitted(probe: Probe, source: Source, label: Label, test: Rows) -> tuple[Fitted, Floats]:
    """The trained head, and the features that it is tested on."""
    if probe.augmentation is not None:
        return _augmented(probe, source, label), probe.features.extract(source, test)
    train = source.train_rows
    features = probe.features.extract(source, np.concatenate([train, test]))
    fitted = probe.head.fit(features[: len(train)], label.values[train], len(label.classes), probe.seed)
    return fitted, features[len(train) :]


def _augmented(probe: Probe, source: Source, label: Label) -> Fitted:
    """The head, trained on features of patches that are augmented anew in each epoch."""
    assert isinstance(probe.head, Stepped)
    assert probe.augmentation is not None
    train = source.train_rows
    varied = probe.features.varied(source, probe.augmentation)
    features_of = partial(_of_training, varied, train)
    return probe.head.fit_epochs(features_of, varied.num_features, label.values[train], len(label.classes), probe.seed)


def _of_training(varied: Varied, train: Rows, epoch: int, numbers: Rows) -> Floats:
    """Features of the training samples that a head asks for by their numbers."""
    return varied(epoch, train[numbers])
