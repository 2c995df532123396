"""VICReg in its official form, the paper's main objective.

Bardes, Ponce and LeCun, "VICReg: Variance-Invariance-Covariance Regularization for
Self-Supervised Learning", ICLR 2022, section 4 and its released code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.objectives import Objective

if TYPE_CHECKING:
    from torch import nn

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class VICReg(Objective, name="vicreg"):
    """Pull the branches' embeddings together; keep each dimension spread and the dimensions uncorrelated.

    For embeddings X and Y, N x D, N the global batch:

    - invariance: mean((X - Y)^2), over rows and dimensions;
    - variance: the mean of v(X) and v(Y), v(Z) = mean_d relu(1 - sqrt(var_d Z + 1e-4));
    - covariance: c(X) + c(Y), c(Z) = sum over d != e of cov_de(Z)^2 / D;

    var and cov with N - 1. For more than two branches, the loss and each term is the
    mean over all unordered pairs of branches of the value for the pair.

    Attributes:
        invariance_weight: Factor of the invariance in the loss.
        variance_weight: Factor of the variance.
        covariance_weight: Factor of the covariance.
    """

    formula: ClassVar[str] = (
        "$invariance_weight mean((X-Y)^2) "
        "+ $variance_weight mean over Z in {X,Y} of mean_d relu(1 - sqrt(var_d Z + 1e-4)) "
        "+ $covariance_weight sum over Z in {X,Y} of sum_{d!=e} cov_de(Z)^2 / D"
    )

    invariance_weight: Weight = 25.0
    variance_weight: Weight = 25.0
    covariance_weight: Weight = 1.0

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """See `Objective.chance`: the best spread s of embeddings that are independent of their partners.

        Two independent embeddings of spread s are 2 s^2 apart, so the loss is
        2 a s^2 + b (1 - s) with the invariance's weight a and the variance's b, and no
        covariance at best; it is least at s = b / 4a, or at 1. With 25 and 25 it is 21.875.
        """
        spread = 1.0
        if self.invariance_weight > 0:
            spread = min(1.0, self.variance_weight / (4 * self.invariance_weight))
        return 2 * self.invariance_weight * spread**2 + self.variance_weight * (1 - spread)

    def build(self) -> nn.Module:
        """See `Objective.build`; the terms are "invariance", "variance" and "covariance"."""
        from harness.objectives.loss.vicreg import VICRegLoss

        return VICRegLoss(self)
