"""VSE++: a ranking loss against the hardest negative.

Faghri, Fleet, Kiros and Fidler, "VSE++: Improving Visual-Semantic Embeddings with Hard
Negatives", BMVC 2018, equation 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.objectives import Objective

if TYPE_CHECKING:
    from torch import nn


class VSEPlusPlus(Objective, name="vse++"):
    """Hold each pair closer, by a margin, than each of its two embeddings is to the nearest of another sample.

    With S the N x N cosines of the two branches' embeddings, N the global batch: the sum
    over i of [m + max over j != i of S_ij - S_ii]+ and of [m + max over j != i of
    S_ji - S_ii]+, divided by N. The paper sums over the batch and does not divide. Where
    several negatives are equally near they share the gradient. An embedding that is
    exactly zero has the cosine 0 with all.

    Attributes:
        margin: m.
    """

    formula: ClassVar[str] = (
        "1/N sum_i ([$margin + max_{j!=i} S_ij - S_ii]+ + [$margin + max_{j!=i} S_ji - S_ii]+), "
        "S the cosines of the two branches"
    )
    most_branches: ClassVar[int | None] = 2

    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.2

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """See `Objective.chance`: the margin both ways, which embeddings that all point one way reach.

        Without the pairs S_ii is on the average no larger than another S_ij, and the
        hardest is no smaller.
        """
        return 2 * self.margin

    def build(self) -> nn.Module:
        """See `Objective.build`; the loss is its only term."""
        from harness.objectives.loss.vsepp import VSEPlusPlusLoss

        return VSEPlusPlusLoss(self)
