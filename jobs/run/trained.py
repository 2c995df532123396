"""Whether an encoder trained at all: a run that did not enters no claim.

It did not where the loss ended no lower than embeddings can bring it which say nothing
of the pairs (`Objective.chance`), or where all representations lie on a line.

The effective rank of an encoder with random weights is recorded beside that of the
trained one, and decides nothing: with its batch-norm statistics estimated it is higher
than that of encoders that did train (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from harness.evaluation.rank import effective_rank
from harness.models.files import restore_encoder
from jobs.data import in_features
from jobs.run.represent import Standardise, plain_inputs, represent
from jobs.run.untrained import untrained

if TYPE_CHECKING:
    from harness.tracking.journal import Entry
    from jobs.run.joint_embedding import JointEmbedding

BELOW_CHANCE = 0.02
LEAST_RANK = 2.0
SAMPLES = 512


def did_train(run: JointEmbedding, history: Sequence[Entry]) -> tuple[bool, dict[str, float]]:
    """The verdict on a finished run whose encoders are written, and the figures that it rests on.

    Args:
        run: The run.
        history: The metrics of its journal, in order of step.
    """
    figures = {
        "train/loss_last_epoch": last_epoch(history, "train/loss", run.feed.steps_per_epoch),
        "train/loss_at_chance": _chance(run),
        "train/effective_rank": _rank(run, trained=True),
        "train/effective_rank_random": _rank(run, trained=False),
    }
    learnt = figures["train/loss_last_epoch"] < (1 - BELOW_CHANCE) * figures["train/loss_at_chance"]
    return learnt and figures["train/effective_rank"] >= LEAST_RANK, figures


def _chance(run: JointEmbedding) -> float:
    stage = run.stage
    width = stage.expanders[stage.branches[0].expander].width
    return stage.objective.chance(stage.global_batch_size, width=width, num_branches=len(stage.branches))


def last_epoch(history: Sequence[Entry], name: str, steps: int) -> float:
    """The mean of a metric over the last `steps` steps, weighted by the steps that each entry stands for.

    An entry is the mean since the one before it, and a run's last one may stand for a step
    or two; the whole of the earliest entry that reaches into those steps counts.
    """
    bounds = pairwise([0, *(entry.step for entry in history)])
    since = history[-1].step - steps
    entries = zip(bounds, history, strict=True)
    spans = [(end - start, entry.values[name]) for (start, end), entry in entries if end > since]
    return sum(span * value for span, value in spans) / sum(span for span, _ in spans)


def _rank(run: JointEmbedding, trained: bool) -> float:
    """The effective rank of the first branch's representations of training patches."""
    branch, device, feed = run.stage.branches[0], run.work.world.device, run.feed
    (settings, artifact), channels = run.stage.encoder_of(0), in_features(feed.packed, branch.view)
    standardise = Standardise(*feed.inputs[0].statistics, device)
    rows = feed.rows[np.linspace(0, len(feed.rows) - 1, min(SAMPLES, len(feed.rows)), dtype=np.int64)]
    inputs = partial(plain_inputs, feed.packed, branch.view, rows, standardise, device)
    if trained:
        encoder = settings.build(channels)
        restore_encoder(run.work.path(f"{artifact}.safetensors"), encoder)
        encoder.to(device).eval()
    else:
        encoder = untrained(settings, run.stage.seed, channels, inputs(), device)
    return effective_rank(represent(encoder, inputs()))
