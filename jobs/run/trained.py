"""Whether an encoder trained at all: a run that did not enters no claim.

It did not where the loss ended no lower than embeddings can bring it which say nothing
of the pairs (`Objective.chance`), or where all representations lie on a line.

The effective rank of an encoder with random weights is recorded beside that of the
trained one, and decides nothing: with its batch-norm statistics estimated it is higher
than that of encoders that did train (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from harness.config.plain import to_plain
from harness.evaluation.rank import effective_rank
from harness.models.files import restore_encoder
from harness.models.initialisation import initialised
from jobs.data import in_features
from jobs.features.random_encoder import RandomEncoder, estimate_norms
from jobs.run.represent import Standardise, plain_inputs, represent

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
    settings = run.stage.encoders[branch.encoder]
    settings = settings if trained else RandomEncoder.model_validate({"encoder": to_plain(settings)}).encoder
    channels = in_features(run.packed, branch.view)
    encoder = initialised(lambda: settings.build(channels), run.stage.seed, "encoder", branch.encoder)
    encoder = encoder.to(device)
    standardise = Standardise(*run.branches[0].statistics, device)
    rows = run.rows[np.linspace(0, len(run.rows) - 1, min(SAMPLES, len(run.rows)), dtype=np.int64)]
    if trained:
        restore_encoder(run.work.path(f"encoder_{branch.encoder}.safetensors"), encoder)
    else:
        estimate_norms(encoder, plain_inputs(run.packed, branch.view, rows, standardise, device))
    return effective_rank(represent(encoder.eval(), plain_inputs(run.packed, branch.view, rows, standardise, device)))
