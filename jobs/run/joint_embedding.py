"""One rank's part in a pre-training run: data to branches to objective, and what is kept of it."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.config.plain import to_plain
from harness.data.checks import NO_LABEL
from harness.data.order import EpochOrder
from harness.data.pack import pack
from harness.data.source import Source
from harness.distributed.batch_norm import synchronised
from harness.grid.stage import Outcome
from harness.grid.work import Work
from harness.models.branches import BranchModel, Output
from harness.models.files import save_encoder
from harness.models.initialisation import initialised
from harness.training.checkpoint import Checkpoints
from harness.training.determinism import deterministic
from harness.training.loop import fit
from harness.training.monitor import Monitor
from harness.training.recipe import Cadence, Recipe, Task
from jobs.data import in_features, located
from jobs.run.represent import Standardise
from jobs.run.statistics import view_statistics
from jobs.run.trained import did_train

if TYPE_CHECKING:
    from harness.models.nets.dense import ExpanderModule
    from harness.models.nets.shell import EncoderModule
    from jobs.pretrain import Branch, Pretrain


@dataclass(frozen=True)
class Paired:
    """A step's input on this rank: a tensor for each branch, and the online probe's labels."""

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
        self.packed = pack(located(stage.data, work.store), work.store.packs, verify=work.is_main)
        self.rows = self.packed.rows("train", stage.fraction, stage.stratify_by)
        self.order = EpochOrder(self.rows, stage.seed)
        self.steps_per_epoch = self.order.steps(stage.global_batch_size)
        self.labels = self.packed.label(stage.online_probe) if stage.online_probe else None
        self.sources = tuple(dict.fromkeys(branch.view.source for branch in stage.branches))
        self.branches = [_BranchInput(branch, index, self) for index, branch in enumerate(stage.branches)]
        self.model = self._model()
        self.objective = stage.objective.build().to(work.world.device)

    def outcome(self) -> Outcome:
        """Train from wherever the last attempt ended to the end; rank 0 then writes what stays."""
        fit(self._task(), self._recipe(), self.work.world, _Journalling(self), Checkpoints(self.work.run.checkpoints))
        return self._kept() if self.work.is_main else Outcome({})

    def _model(self) -> BranchModel:
        """Encoders, expanders and the online head, each drawn from a seed of its own."""
        stage = self.stage
        encoders = [self._encoder(index) for index in range(len(stage.encoders))]
        expanders = [self._expander(index, encoders) for index in range(len(stage.expanders))]
        assignment = [(branch.encoder, branch.expander) for branch in stage.branches]
        width = encoders[stage.branches[0].encoder].num_features
        classes = len(self.labels.classes) if self.labels else 0
        head = initialised(lambda: nn.Linear(width, classes), stage.seed, "online", 0) if classes else None
        model = BranchModel(encoders, expanders, assignment, head)
        if stage.batch_norm_group is None:
            synchronised(model)
        return model

    def _encoder(self, index: int) -> EncoderModule:
        first = next(branch for branch in self.stage.branches if branch.encoder == index)
        channels = in_features(self.packed, first.view)
        return initialised(lambda: self.stage.encoders[index].build(channels), self.stage.seed, "encoder", index)

    def _expander(self, index: int, encoders: Sequence[EncoderModule]) -> ExpanderModule:
        first = next(branch for branch in self.stage.branches if branch.expander == index)
        width = encoders[first.encoder].num_features
        return initialised(lambda: self.stage.expanders[index].build(width), self.stage.seed, "expander", index)

    def _task(self) -> Task[Paired]:
        return Task(self.model, self._terms, self._batches, self.stage.global_batch_size, self.stage.seed)

    def _recipe(self) -> Recipe:
        stage = self.stage
        schedule = stage.schedule.build(stage.optimiser.lr, stage.epochs, self.steps_per_epoch)
        every = stage.checkpoint_every or stage.log_every * math.ceil(self.steps_per_epoch / stage.log_every)
        return Recipe(stage.optimiser.build, schedule, Cadence(stage.log_every, every), stage.precision)

    def _terms(self, model: nn.Module, batch: Paired) -> Mapping[str, Tensor]:
        """The objective's terms, and the online probe's accuracy where there is one.

        The probe's loss enters with its own value taken off, so that it trains the probe
        and leaves the objective's number as it is; no encoder feels it.
        """
        output: Output = model(batch.inputs)
        terms: dict[str, Tensor] = dict(self.objective(output.embeddings))
        if output.online_logits is None:
            return terms
        loss, accuracy = _online(output.online_logits.float(), batch.labels)
        return {**terms, "loss": terms["loss"] + (loss - loss.detach()), "online_accuracy": accuracy}

    def _batches(self, start: int) -> Iterator[Paired]:
        """This rank's batches from a step on, for as long as anyone asks."""
        world, size = self.work.world, self.stage.global_batch_size
        load = self.stage.loader.build(self.packed, self.sources, world.device)
        addresses = ((step // self.steps_per_epoch, step % self.steps_per_epoch) for step in itertools.count(start))
        rows = (self.order.batch(epoch, step, size, world.rank, world.size) for epoch, step in addresses)
        for step, batch in zip(itertools.count(start), load(rows), strict=False):
            arrays = dict(zip(self.sources, (array.to(world.device) for array in batch.arrays), strict=True))
            epoch = step // self.steps_per_epoch
            inputs = tuple(branch(arrays, batch.keys, epoch) for branch in self.branches)
            yield Paired(inputs, self._labels_of(batch.rows))

    def _labels_of(self, rows: np.typing.NDArray[np.int64]) -> Tensor:
        values = self.labels.values[rows] if self.labels else np.full(len(rows), NO_LABEL)
        return torch.from_numpy(values).to(self.work.world.device)

    def _kept(self) -> Outcome:
        """Write the encoders; say what a table must know."""
        artifacts = {}
        for index in range(len(self.stage.encoders)):
            path = self.work.path(f"encoder_{index}.safetensors")
            save_encoder(path, self.model.encoder(index), self._notes(index))
            artifacts[f"encoder_{index}"] = path
        device = self.work.world.device.type
        history = self.work.run.history()
        trained, figures = did_train(self, history)
        last = history[-1].values.items()
        metrics = {name: value for name, value in last if not name.startswith("rate/")} | figures
        facts = {
            "views": [branch.view.modality for branch in self.stage.branches],
            "trained": trained,
            "samples": len(self.rows),
            "steps": self.stage.epochs * self.steps_per_epoch,
            "augmented_by": [branch.augmentation.backend_on(device) for branch in self.stage.branches],
            "synthetic": self.packed.synthetic,
            "data_name": self.packed.name,
        }
        return Outcome(metrics, facts, artifacts)

    def _notes(self, index: int) -> dict[str, str]:
        """What must be known to use an encoder: its architecture and how each branch's input is standardised."""
        return {
            "run": self.work.run.key,
            "encoder": json.dumps(to_plain(self.stage.encoders[index])),
            "statistics": json.dumps([branch.statistics for branch in self.branches]),
            "views": json.dumps([to_plain(branch.view) for branch in self.stage.branches]),
        }


class _BranchInput:
    """From stored arrays to one branch's input."""

    def __init__(self, branch: Branch, index: int, run: JointEmbedding) -> None:
        self.source, self.index = branch.view.source, index
        self.view = branch.view.build()
        self.augment = branch.augmentation.build(run.stage.seed)
        mean, std = view_statistics(run.packed, branch.view)
        if run.stage.normalise == "none":
            mean, std = np.zeros_like(mean), np.ones_like(std)
        self.statistics = (mean.tolist(), std.tolist())
        self.standardise = Standardise(*self.statistics, run.work.world.device)

    def __call__(self, arrays: Mapping[Source, Tensor], keys: np.typing.NDArray[np.uint64], epoch: int) -> Tensor:
        seen = self.view(arrays[self.source], keys)
        return self.standardise(self.augment(seen, keys, epoch, self.index))


class _Journalling(Monitor):
    """The loop's reports go into the run's journal; a stop is asked for by the worker's flag."""

    def __init__(self, run: JointEmbedding) -> None:
        self._work = run.work
        self._steps = run.stage.epochs * run.steps_per_epoch

    def start(self, step: int) -> None:
        assert self._work.journal is not None
        self._work.journal.start(step, self._steps)

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        assert self._work.journal is not None
        self._work.journal.metrics(step, values)

    def checkpointed(self, step: int) -> None:
        assert self._work.journal is not None
        self._work.journal.checkpointed(step)

    def note(self, text: str, step: int = 0) -> None:
        assert self._work.journal is not None
        self._work.journal.note(text, step)

    def stop_requested(self) -> bool:
        return self._work.stop()


def _online(logits_BC: Tensor, labels_B: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy over the samples that have a label; 0 where none has."""
    known = labels_B != NO_LABEL
    number = known.sum().clamp_min(1)
    loss = F.cross_entropy(logits_BC, labels_B, ignore_index=NO_LABEL, reduction="sum") / number
    return loss, ((logits_BC.argmax(1) == labels_B) & known).sum() / number
