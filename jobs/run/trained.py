"""Whether an encoder trained at all: a run that did not enters no claim.

It did not where the objective left the embeddings collapsed (VICReg's variance hinge
above one half at the end), or where its representations use no more directions than
those of an encoder with random weights.
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

MOST_HINGE = 0.5
SAMPLES = 512


def did_train(run: JointEmbedding, last: Mapping[str, float]) -> tuple[bool, dict[str, float]]:
    """The verdict on the first branch's encoder, and the effective ranks that it rests on.

    Args:
        run: A finished run whose encoders are written.
        last: The last entry of its journal.
    """
    ranks = {"train/effective_rank": _rank(run, trained=True), "train/effective_rank_random": _rank(run, trained=False)}
    spread = last.get("train/variance", 0.0) <= MOST_HINGE
    return spread and ranks["train/effective_rank"] > ranks["train/effective_rank_random"], ranks


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
