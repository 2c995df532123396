"""One rank's part in a pre-training run: data to branches to objective, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.data.checks import NO_LABEL
from harness.grid.stage import Outcome
from harness.grid.work import Work
from harness.models.domains import with_own_norms
from harness.models.files import save_encoder
from harness.models.initialisation import initialised
from harness.training.determinism import deterministic
from jobs.data import in_features
from jobs.protocol import departures
from jobs.run.container import Container, Replicated
from jobs.run.diagnostics import Diagnostics, lengths
from jobs.run.feed import Feed
from jobs.run.fitted import fit_stage
from jobs.run.notes import encoder_notes
from jobs.run.trained import did_train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.models.nets.dense import ExpanderModule
    from harness.models.nets.shell import EncoderModule
    from jobs.pretrain import Pretrain


@dataclass(frozen=True)
class Paired:
    """A step's input on this rank: a tensor for each branch, and the online probe's labels.

    Attributes:
        step: Optimiser steps done before it.
        inputs: B x C x H x W or B x D, one a branch.
        labels: B class numbers.
    """

    step: int
    inputs: tuple[Tensor, ...]
    labels: Tensor


class JointEmbedding:
    """Builds what a pre-training run needs, trains it, and keeps its encoders.

    Args:
        stage: The settings.
        work: This rank's part in the attempt.
    """

    def __init__(self, stage: Pretrain, work: Work) -> None:
        deterministic(work.threads)
        self.stage, self.work = stage, work
        self.feed = Feed(stage, work)
        self.labels = self.feed.packed.label(stage.online_probe) if stage.online_probe else None
        self.first_branch = _first_branches(stage)
        self.artifacts = list(self.first_branch)
        self.model = self._model()
        self.diagnostics = Diagnostics(stage.log_every, self.feed.num_steps, stage.replicated_expander)

    def outcome(self) -> Outcome:
        """Train from wherever the last attempt ended to the end; rank 0 then writes what stays."""
        fit_stage(self.feed, self.model, self._terms, self._batches, self.diagnostics.values)
        return self._kept() if self.work.is_main else Outcome({})

    def _model(self) -> Container:
        """Encoders, expanders and the online head, each drawn from a seed of its own."""
        stage = self.stage
        encoders = self._encoders()
        expanders = [self._expander(index, encoders) for index in range(len(stage.expanders))]
        assignment = [(self._place(index), branch.expander) for index, branch in enumerate(stage.branches)]
        width = encoders[0].num_features
        classes = len(self.labels.classes) if self.labels else 0
        head = initialised(lambda: nn.Linear(width, classes), stage.seed, "online", 0) if classes else None
        kind = Replicated if stage.replicated_expander else Container
        model = kind(encoders, expanders, assignment, stage.objective.build(), head)
        if stage.batch_norm_group is None:
            model.synchronise()
        return model

    def _place(self, branch: int) -> int:
        """Where the encoder of a branch stands in the model: it is in the order of the artifacts."""
        return self.artifacts.index(self.stage.encoder_of(branch)[1])

    def _encoders(self) -> list[EncoderModule]:
        """An encoder for each artifact; those of one index have the same weights and their own norms."""
        of_index: dict[int, EncoderModule] = {}
        encoders = []
        for branch in self.first_branch.values():
            index = self.stage.branches[branch].encoder
            known = of_index.get(index)
            encoders.append(with_own_norms(known) if known else self._encoder(index, branch))
            of_index.setdefault(index, encoders[-1])
        return encoders

    def _encoder(self, index: int, branch: int) -> EncoderModule:
        channels = in_features(self.feed.packed, self.stage.branches[branch].view)
        return initialised(lambda: self.stage.encoders[index].build(channels), self.stage.seed, "encoder", index)

    def _expander(self, index: int, encoders: Sequence[EncoderModule]) -> ExpanderModule:
        first = next(number for number, branch in enumerate(self.stage.branches) if branch.expander == index)
        width = encoders[self._place(first)].num_features
        return initialised(lambda: self.stage.expanders[index].build(width), self.stage.seed, "expander", index)

    def _terms(self, model: nn.Module, batch: Paired) -> Mapping[str, Tensor]:
        """The objective's terms, each branch's mean length, and the online probe's accuracy where there is one.

        The probe's loss enters with its own value taken off, so that it trains the probe
        and leaves the objective's number as it is; no encoder feels it.
        """
        output, found = model(batch.inputs)
        self.diagnostics.look(batch.step + 1, output)
        terms: dict[str, Tensor] = {**found, **lengths(output.embeddings)}
        if output.online_logits is None:
            return terms
        loss, accuracy = _online(output.online_logits.float(), batch.labels)
        return {**terms, "loss": terms["loss"] + (loss - loss.detach()), "online_accuracy": accuracy}

    def _batches(self, start: int) -> Iterator[Paired]:
        """This rank's batches from a step on, for as long as anyone asks."""
        for fed in self.feed.batches(start):
            yield Paired(fed.step, fed.inputs, self._labels_of(fed.rows))

    def _labels_of(self, rows: NDArray[np.int64]) -> Tensor:
        values = self.labels.values[rows] if self.labels else np.full(len(rows), NO_LABEL)
        return torch.from_numpy(values).to(self.work.world.device)

    def _kept(self) -> Outcome:
        """Write the encoders; say what a table must know."""
        artifacts = {}
        for place, (name, branch) in enumerate(self.first_branch.items()):
            path = self.work.path(f"{name}.safetensors")
            save_encoder(path, self.model.encoder(place), encoder_notes(self.feed, self.stage.encoder_of(branch)[0]))
            artifacts[name] = path
        device, packed = self.work.world.device.type, self.feed.packed
        history = self.work.run.history()
        trained, figures = did_train(self, history)
        last = history[-1].values.items()
        metrics = {name: value for name, value in last if not name.startswith("rate/")} | figures
        facts = {
            "views": [branch.view.modality for branch in self.stage.branches],
            "trained": trained,
            "samples": len(self.feed.rows),
            "steps": self.feed.num_steps,
            "departures": [place for place, _, _ in departures(self.stage)],
            "augmented_by": [branch.augmentation.backend_on(device) for branch in self.stage.branches],
            "synthetic": packed.synthetic,
            "data_name": packed.name,
        }
        return Outcome(metrics, facts, {**artifacts, **self.feed.samples()})


def _first_branches(stage: Pretrain) -> dict[str, int]:
    """The names of the encoders that are kept, each with the first branch that uses it."""
    found: dict[str, int] = {}
    for branch in range(len(stage.branches)):
        found.setdefault(stage.encoder_of(branch)[1], branch)
    return found


def _online(logits_BC: Tensor, labels_B: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy over the samples that have a label; 0 where none has."""
    known = labels_B != NO_LABEL
    number = known.sum().clamp_min(1)
    loss = F.cross_entropy(logits_BC, labels_B, ignore_index=NO_LABEL, reduction="sum") / number
    return loss, ((logits_BC.argmax(1) == labels_B) & known).sum() / number
