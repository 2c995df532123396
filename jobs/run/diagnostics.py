"""What the journal says of embeddings beside the objective: whether, and in which branch, they collapse.

Spread, rank and alignment are looked at in the steps that are logged, over the whole
global batch; the mean length of each branch's embeddings in every step, because it
names the branch in which a number was first not finite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.distributed.collectives import all_ranks, gather_rows
from harness.errors import DriftError
from harness.models.branches import Output

SAMPLES = 256


class Diagnostics:
    """Figures of the steps that are logged.

    Args:
        log_every: Steps between them.
        num_steps: The last step is looked at, too.
        replicated: Whether each rank has the embeddings of the global batch.
    """

    def __init__(self, log_every: int, num_steps: int, replicated: bool = False) -> None:
        self._log_every, self._num_steps, self._replicated = log_every, num_steps, replicated
        self._latest: dict[str, Tensor] = {}

    def look(self, done: int, output: Output) -> None:
        """Take the figures of the step that makes `done` steps, if it is logged; every rank must call it."""
        if done % self._log_every == 0 or done == self._num_steps:
            whole = output.embeddings if self._replicated else [gather_rows(z.detach()) for z in output.embeddings]
            if self._replicated:
                refuse_drift(whole)
            self._latest = figures(output.representations, whole)

    def values(self, done: int) -> Mapping[str, float]:
        """The figures of the latest logged step by name, as `train/<figure>`."""
        return {f"train/{name}": float(value) for name, value in self._latest.items()}


@torch.no_grad()
def refuse_drift(whole: Sequence[Tensor]) -> None:
    """Check that all ranks have the same embeddings of the global batch; every rank must call it.

    Raises:
        DriftError: Their expanders have become different.
    """
    sums_WB = all_ranks(torch.stack([z_ND.double().sum() for z_ND in whole]))
    if not torch.equal(sums_WB, sums_WB[:1].expand_as(sums_WB)) and sums_WB.isfinite().all():
        raise DriftError(
            f"the ranks' replicated expanders are no longer the same: their embeddings sum to {sums_WB.tolist()}",
            mend="run all ranks on machines of one kind, or set replicated_expander: false",
        )


@torch.no_grad()
def lengths(embeddings: Sequence[Tensor]) -> dict[str, Tensor]:
    """The mean length of each branch's embeddings on this rank; its mean over ranks is that of the global batch."""
    return {f"embedding_norm_{number}": z_nD.float().norm(dim=1).mean() for number, z_nD in enumerate(embeddings)}


@torch.no_grad()
def figures(representations: Sequence[Tensor], whole: Sequence[Tensor]) -> dict[str, Tensor]:
    """Spread and rank of each branch, and the alignment of the branches, over the global batch.

    - ``embedding_std_B``: the standard deviation of a dimension, the mean over dimensions;
    - ``embedding_rank_B``, ``representation_rank_B``: the effective rank (Roy and Vetterli
      2007) of the centred batch, of its first 256 samples at most: 1 is a line;
    - ``alignment``: the cosine between a sample's embeddings, the mean over samples and
      pairs of branches.

    Args:
        representations: This rank's n x F of each branch.
        whole: The embeddings of all ranks, N x D of each branch.
    """
    found: dict[str, Tensor] = {}
    whole = [z_ND.float() for z_ND in whole]
    for number, (h_nF, z_ND) in enumerate(zip(representations, whole, strict=True)):
        found[f"embedding_std_{number}"] = z_ND.std(0, correction=0).mean()
        found[f"embedding_rank_{number}"] = rank_of(z_ND)
        found[f"representation_rank_{number}"] = rank_of(gather_rows(h_nF.float()))
    cosines = [F.cosine_similarity(x_ND, y_ND, dim=1).mean() for x_ND, y_ND in combinations(whole, 2)]
    return {**found, "alignment": torch.stack(cosines).mean()}


def rank_of(x_NF: Tensor) -> Tensor:
    """The effective rank of the first rows: exp of the entropy of the singular values, 0 where all rows are equal.

    As `harness.evaluation.rank.effective_rank`, but on the tensor's device and from the
    smaller of the two Gram matrices.
    """
    x_NF = x_NF[:SAMPLES].double()
    centred_NF = x_NF - x_NF.mean(0)
    gram = centred_NF @ centred_NF.T if len(x_NF) < x_NF.shape[1] else centred_NF.T @ centred_NF
    if not gram.isfinite().all():
        return gram.new_tensor(torch.nan)
    values: Tensor = torch.linalg.eigvalsh(gram).clamp_min(0).sqrt()
    total = values.sum()
    if total <= torch.finfo(torch.float32).eps * x_NF.abs().sum():
        return total.new_zeros(())
    entropy: Tensor = torch.special.entr(values / total).sum()
    return entropy.exp()
