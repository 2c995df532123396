"""One rank's part in a supervised run: labelled samples to an encoder and its head, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from harness.distributed.batch_norm import synchronised
from harness.evaluation.heads.fit.dense import dense
from harness.files import write_atomic
from harness.grid.stage import Outcome
from harness.grid.work import Work
from harness.models.files import KEY, save_encoder
from harness.models.initialisation import initialised
from harness.training.determinism import deterministic
from jobs.data import in_features
from jobs.protocol import departures
from jobs.run.classifier import Classifier
from jobs.run.feed import Feed
from jobs.run.fitted import fit_stage
from jobs.run.labelled import labelled_rows
from jobs.run.notes import encoder_notes
from jobs.run.represent import plain_inputs, represent
from jobs.run.tested import tested
from jobs.run.trained import BELOW_CHANCE, last_epoch

if TYPE_CHECKING:
    from pathlib import Path

    from harness.data.packed import PackedSet
    from harness.tracking.journal import Entry
    from jobs.run.labelled import Rows
    from jobs.supervise import Supervise


@dataclass(frozen=True)
class Labelled:
    """A step's input on this rank.

    Attributes:
        step: Optimiser steps done before it.
        inputs: B x C x H x W or B x D.
        labels: B class numbers.
    """

    step: int
    inputs: Tensor
    labels: Tensor


class Supervised:
    """Builds what a supervised run needs, trains it, tests it, and keeps encoder and head.

    Args:
        stage: The settings.
        work: This rank's part in the attempt.
    """

    def __init__(self, stage: Supervise, work: Work) -> None:
        deterministic(work.threads)
        self.stage, self.work = stage, work
        self.feed = Feed(stage, work, lambda packed: self._rows(packed)[0])
        self.label = self.feed.packed.label(stage.label)
        self.test = self._rows(self.feed.packed)[1]
        self.model = self._model()

    def outcome(self) -> Outcome:
        """Train from wherever the last attempt ended to the end; rank 0 then tests and writes what stays."""
        fit_stage(self.feed, self.model, _terms, self._batches)
        return self._kept() if self.work.is_main else Outcome({})

    def _rows(self, packed: PackedSet) -> tuple[Rows, Rows]:
        """Those that are trained on and those that are tested, all with the label."""
        return labelled_rows(packed, packed.label(self.stage.label), self.stage.fraction)

    def _model(self) -> Classifier:
        """Encoder and head, each drawn from a seed of its own: the encoder is that of a pre-training run."""
        stage = self.stage
        channels, classes = in_features(self.feed.packed, stage.view), len(self.label.classes)
        encoder = initialised(lambda: stage.encoder.build(channels), stage.seed, "encoder", 0)
        head = initialised(lambda: dense(encoder.num_features, classes, torch.default_generator), stage.seed, "head", 0)
        model = Classifier(encoder, head, stage.objective.build())
        if stage.batch_norm_group is None:
            synchronised(model)
        return model

    def _batches(self, start: int) -> Iterator[Labelled]:
        """This rank's batches from a step on, for as long as anyone asks."""
        for fed in self.feed.batches(start):
            labels_B = torch.from_numpy(self.label.values[fed.rows]).to(self.work.world.device)
            yield Labelled(fed.step, fed.inputs[0], labels_B)

    def _kept(self) -> Outcome:
        """Write encoder, head and predictions; say what a table must know."""
        stage, work, packed = self.stage, self.work, self.feed.packed
        history = work.run.history()
        predictions = work.path("predictions.parquet")
        measured, facts = tested(packed, self.label, self.test, self._probabilities(), predictions)
        trained, figures = self._did_train(history)
        last = {name: value for name, value in history[-1].values.items() if not name.startswith("rate/")}
        own = {
            "views": [stage.view.modality],
            "target_in_pair": False,
            "trained": trained,
            "samples": len(self.feed.rows),
            "steps": self.feed.num_steps,
            "departures": [place for place, _, _ in departures(stage)],
            "augmented_by": [stage.augmentation.backend_on(work.world.device.type)],
        }
        artifacts = {**self._weights(), **self.feed.samples(), "predictions": predictions}
        return Outcome(last | figures | measured, facts | own, artifacts)

    def _probabilities(self) -> np.ndarray[Any, Any]:
        """Of each class, a row a test sample; of inputs that are not augmented, by a model in inference mode."""
        standardise, device = self.feed.inputs[0].standardise, self.work.world.device
        inputs = plain_inputs(self.feed.packed, self.stage.view, self.test, standardise, device)
        logits_NC = represent(nn.Sequential(self.model.encoder, self.model.head).eval(), inputs)
        probabilities_NC: np.ndarray[Any, Any] = torch.from_numpy(logits_NC).softmax(dim=1).numpy()
        return probabilities_NC

    def _did_train(self, history: Sequence[Entry]) -> tuple[bool, dict[str, float]]:
        """Whether the last epoch's loss is below that of logits which say nothing of the sample, and both."""
        counts = np.bincount(self.label.values[self.feed.rows], minlength=len(self.label.classes))
        loss = last_epoch(history, "train/loss", self.feed.steps_per_epoch)
        chance = self.stage.objective.chance_of_labels(counts.tolist())
        return loss < (1 - BELOW_CHANCE) * chance, {"train/loss_last_epoch": loss, "train/loss_at_chance": chance}

    def _weights(self) -> dict[str, Path]:
        """The files of the encoder, as a pre-training run leaves it, and of the head."""
        settings, name = self.stage.encoder_of(0)
        files = {each: self.work.path(f"{each}.safetensors") for each in (name, "head")}
        save_encoder(files[name], self.model.encoder, encoder_notes(self.feed, settings))
        head = {part: value.detach().cpu().contiguous() for part, value in self.model.head.state_dict().items()}
        known = {"run": self.work.run.key, "label": self.label.name, "classes": json.dumps(self.label.classes)}
        write_atomic(files["head"], save(head, metadata={KEY: json.dumps(known, sort_keys=True)}))
        return files


def _terms(model: nn.Module, batch: Labelled) -> Mapping[str, Tensor]:
    """The objective's terms, and the accuracy in training."""
    terms: dict[str, Tensor] = model(batch.inputs, batch.labels)
    return terms
