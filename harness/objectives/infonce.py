"""Cross-view InfoNCE, the loss that the authors' follow-up, TriDeNT, calls SimCLR.

It is CLIP's loss at a fixed temperature: an embedding is compared with those of the
other branch alone, none of its own branch. van den Oord, Li and Vinyals,
"Representation Learning with Contrastive Predictive Coding", 2018, equation 4, in the
symmetric form of Radford et al., "Learning Transferable Visual Models From Natural
Language Supervision", ICML 2021, figure 3. SimCLR as published is `ntxent`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.objectives import Objective

if TYPE_CHECKING:
    from torch import nn


class InfoNCE(Objective, name="infonce"):
    """Tell each embedding's partner from the N embeddings of the other branch, both ways.

    With u and v the l2-normalised embeddings of the two branches, N the global batch and
    S = u v' / t, N x N: the mean of the cross-entropy of the rows of S and of that of its
    columns, the right class of i being i. An embedding that is exactly zero has no
    direction; it stays zero and gets no gradient from its norm.

    Attributes:
        temperature: t.
    """

    formula: ClassVar[str] = "[CE(u v'/t) + CE(v u'/t)] / 2 over N x N, u and v l2-normalised, t = $temperature"
    most_branches: ClassVar[int | None] = 2

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """See `Objective.chance`: the logarithm of the N candidates, whatever the spread (Jensen)."""
        return math.log(global_batch_size)

    def build(self) -> nn.Module:
        """See `Objective.build`; the loss is its only term."""
        from harness.objectives.loss.infonce import InfoNCELoss

        return InfoNCELoss(self)
