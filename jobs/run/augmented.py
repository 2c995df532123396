"""Heads of one encoder that are trained on newly augmented patches in each epoch, on one forward pass for all.

The features of an epoch are made once, of the training rows in their order; each head
then takes its batches from them in its own order. So a head gets the same bits alone
and beside others, whatever the others are and however far they have come. Heads of
different training rows share the encoder, not the features. An epoch's features are
held in memory: 0.8 GB for ResNet-50 on NCT-CRC-HE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.errors import HarnessError, StoreError
from harness.evaluation.heads.stepped import Stepped
from harness.grid.stage import Outcome
from harness.training.checkpoint import Checkpoints
from harness.training.interrupted import Interrupted
from jobs.features import Source
from jobs.run.probed import Probed, opened

if TYPE_CHECKING:
    from harness.data.packed import PackedSet
    from harness.grid.work import Work
    from jobs.features import Floats, Varied
    from jobs.probe import Probe

Found = tuple[int, Outcome | HarnessError]


def augmented(parts: Sequence[tuple[Probe, Work]]) -> Iterator[Found]:
    """Train heads together; see `Stage.compute_together` for what is handed back.

    Raises:
        Interrupted: The worker was asked to stop; every head that is not done has a checkpoint.
    """
    first, work = parts[0]
    packed = opened(first, work)
    varied = _varied(first, work, packed)
    heads: list[AugmentedHead] = []
    for place, part in enumerate(parts):
        try:
            heads.append(AugmentedHead(place, Probed(*part, packed), varied.num_features))
        except HarnessError as error:
            yield place, error
    while heads:
        for head in _epoch(heads, varied):
            if head.training.finished:
                heads.remove(head)
                yield head.place, head.outcome()
            else:
                head.checkpoint()
        if heads and work.stop():
            raise Interrupted(min(head.training.step for head in heads))


def _varied(probe: Probe, work: Work, packed: PackedSet) -> Varied:
    """The encoder, frozen, on patches that are augmented anew."""
    assert probe.augmentation is not None
    return probe.features.varied(Source(packed, probe.view, packed.rows("train"), probe.seed, work), probe.augmentation)


def _epoch(heads: Sequence[AugmentedHead], varied: Varied) -> list[AugmentedHead]:
    """Take the heads that are least far through their next epoch; returns them."""
    epoch = min(head.training.epoch for head in heads)
    due = [head for head in heads if head.training.epoch == epoch]
    for key, rows in {head.rows: head.probed.train for head in due}.items():
        features = varied(epoch, rows)
        for head in due:
            if head.rows == key:
                head.learn(features)
    return due


class AugmentedHead:
    """One head among those that are trained together.

    Args:
        place: Its number among them.
        probed: Its probe.
        num_features: Of the encoder.

    Attributes:
        training: How far it has come; it goes on from the run's newest checkpoint.
        rows: The bytes of its training rows' numbers.

    Raises:
        ConfigError: It has a batch norm, and no batch has two samples.
        StoreError: Its checkpoint is of another head.
    """

    def __init__(self, place: int, probed: Probed, num_features: int) -> None:
        self.place, self.probed, self.rows = place, probed, probed.train.tobytes()
        probe, label, self._journal = probed.probe, probed.label, probed.work.journal
        assert isinstance(probe.head, Stepped)
        values = label.values[probed.train]
        self.training = probe.head.begin(num_features, values, len(label.classes), probe.seed)
        self._checkpoints = Checkpoints(probed.work.run.checkpoints)
        self._resume()
        if self._journal is not None:
            self._journal.start(self.training.step, self.training.num_steps)

    def _resume(self) -> None:
        found = self._checkpoints.newest(self._note)
        if found is None:
            return
        try:
            self.training.restore(found[1])
        except (RuntimeError, ValueError, KeyError) as error:
            raise StoreError(
                f"the checkpoint of step {found[0]} is of another head: {error}",
                mend="remove the run's checkpoints to begin again with this code",
            ) from error

    def _note(self, text: str) -> None:
        if self._journal is not None:
            self._journal.note(text)

    def learn(self, features_NF: Floats) -> None:
        """One pass over the training samples, whose features these are."""
        self.training.go_through(lambda numbers: features_NF[numbers])

    def checkpoint(self) -> None:
        """Keep how far it has come."""
        self._checkpoints.save(self.training.step, self.training.state())
        if self._journal is not None:
            self._journal.checkpointed(self.training.step)

    def outcome(self) -> Outcome | HarnessError:
        """What the trained head says of the test rows as they are, or the error that is its own."""
        probed = self.probed
        try:
            return probed.tested(self.training.fitted(), probed.features(probed.test), self.training.num_steps)
        except HarnessError as error:
            return error
