"""NT-Xent, the normalised temperature-scaled cross-entropy of SimCLR.

Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of
Visual Representations", ICML 2020, equation 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.objectives import Objective

if TYPE_CHECKING:
    from torch import nn


class NTXent(Objective, name="ntxent"):
    """Tell each embedding's partner from all others: 2N anchors, each against the 2N - 1 other embeddings.

    With u the l2-normalised embeddings of both branches, N the global batch, and p(i)
    the other embedding of the sample of i: the mean over the 2N anchors i of
    -log(exp(u_i . u_p(i) / t) / sum over j != i of exp(u_i . u_j / t)). An embedding
    that is exactly zero has no direction; it stays zero and gets no gradient from its norm.

    Attributes:
        temperature: t.
    """

    formula: ClassVar[str] = (
        "mean over the 2N anchors of -log(exp(u_i.u_p(i)/t) / sum_{j!=i} exp(u_i.u_j/t)), "
        "u l2-normalised, t = $temperature"
    )
    most_branches: ClassVar[int | None] = 2

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """See `Objective.chance`: the logarithm of the 2N - 1 candidates, whatever the spread (Jensen)."""
        return math.log(2 * global_batch_size - 1)

    def build(self) -> nn.Module:
        """See `Objective.build`; the loss is its only term."""
        from harness.objectives.loss.ntxent import NTXentLoss

        return NTXentLoss(self)
