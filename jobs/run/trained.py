"""Whether an encoder trained at all: a run that did not enters no claim.

It did not where the loss ended no lower than embeddings can bring it which say nothing
of the pairs (`Objective.chance`), or where all representations lie on a line.

The effective rank of an encoder with random weights is recorded beside that of the
trained one, and decides nothing: with its batch-norm statistics estimated it is higher
than that of encoders that did train (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from harness.evaluation.rank import effective_rank
from harness.models.files import restore_encoder
from jobs.data import in_features
from jobs.run.represent import Standardise, plain_inputs, represent
from jobs.run.untrained import untrained

if TYPE_CHECKING:
    from jobs.run.joint_embedding import JointEmbedding

BELOW_CHANCE = 0.02
LEAST_RANK = 2.0
SAMPLES = 512


def did_train(run: JointEmbedding, last: Mapping[str, float]) -> tuple[bool, dict[str, float]]:
    """The verdict on a finished run whose encoders are written, and the figures that it rests on.

    Args:
        run: The run.
        last: The last entry of its journal.
    """
    chance = run.stage.objective.chance(run.stage.global_batch_size)
    ranks = {"train/effective_rank": _rank(run, trained=True), "train/effective_rank_random": _rank(run, trained=False)}
    learnt = last["train/loss"] < (1 - BELOW_CHANCE) * chance
    return learnt and ranks["train/effective_rank"] >= LEAST_RANK, {"train/loss_at_chance": chance, **ranks}


def _rank(run: JointEmbedding, trained: bool) -> float:
    """The effective rank of the first branch's representations of training patches."""
    branch, device = run.stage.branches[0], run.work.world.device
    settings, channels = run.stage.encoders[branch.encoder], in_features(run.packed, branch.view)
    standardise = Standardise(*run.branches[0].statistics, device)
    rows = run.rows[np.linspace(0, len(run.rows) - 1, min(SAMPLES, len(run.rows)), dtype=np.int64)]
    inputs = partial(plain_inputs, run.packed, branch.view, rows, standardise, device)
    if trained:
        encoder = settings.build(channels)
        restore_encoder(run.work.path(f"encoder_{branch.encoder}.safetensors"), encoder)
        encoder.to(device).eval()
    else:
        encoder = untrained(settings, run.stage.seed, channels, inputs(), device)
    return effective_rank(represent(encoder, inputs()))
