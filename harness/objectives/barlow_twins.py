"""Barlow Twins: the cross-correlation of two branches' embeddings is to be the identity.

Zbontar, Jing, Misra, LeCun and Deny, "Barlow Twins: Self-Supervised Learning via
Redundancy Reduction", ICML 2021, equations 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.objectives import Objective

if TYPE_CHECKING:
    from torch import nn


class BarlowTwins(Objective, name="barlow_twins"):
    """Make each dimension agree between the branches, and no two dimensions say the same.

    Each branch is standardised over the global batch by its own mean and biased variance,
    (z - mean) / sqrt(var + 1e-5), as batch norm without weights does it. With A and B the
    results, N x D, and C = A'B / N:

    - invariance: sum over d of (C_dd - 1)^2;
    - redundancy: sum over d != e of C_de^2.

    Both are sums, as in the paper: the loss grows with the width. Revision 2 differs from 1
    in the last digits of float32.

    Attributes:
        redundancy_weight: Factor of the redundancy in the loss.
    """

    revision: ClassVar[int] = 2
    formula: ClassVar[str] = (
        "sum_d (C_dd - 1)^2 + $redundancy_weight sum_{d!=e} C_de^2, C = A'B / N, "
        "A and B standardised over the batch (biased variance, eps 1e-5)"
    )
    most_branches: ClassVar[int | None] = 2

    redundancy_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5e-3

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """See `Objective.chance`: 1 for each dimension, for without the pairs C_dd is 0 on the average of all pairings.

        Embeddings that all but coincide reach it, C being 0; others that are independent
        are above it by the chance correlations of N samples.
        """
        assert width is not None, "the loss of Barlow Twins is a sum over dimensions"
        return float(width)

    def build(self) -> nn.Module:
        """See `Objective.build`; the terms are "invariance" and "redundancy"."""
        from harness.objectives.loss.barlow_twins import BarlowTwinsLoss

        return BarlowTwinsLoss(self)
