"""VICReg as the code of the paper's authors computes it, for two or more branches.

A member of its own and no switch of `vicreg`: other variance, other floor, and sums where
that one has means, so that their weights do not mean the same. In full, against `vicreg`:

- the invariance is summed over ordered pairs of branches, so each pair counts twice;
- variance and covariance are summed over branches, not averaged over pairs;
- var and cov are with N, not N - 1, and the floor in the root is 1e-5, not 1e-4.

For two branches that is 2 [25 MSE + 25 mean hinge + 0.5 covariance]. Their code minimises
the sum over the batch, N times this; it moves Adam by nothing, clipped gradients it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.objectives.vicreg import VICReg

if TYPE_CHECKING:
    from torch import nn


class VICRegAuthors(VICReg, name="vicreg_authors"):
    """Pull the branches' embeddings together; keep each dimension spread and the dimensions uncorrelated.

    For the embeddings of n branches, N x D each, N the global batch:

    - invariance: the sum over ordered pairs (X, Y), n (n - 1) of them, of mean((X - Y)^2);
    - variance: the sum over branches of mean_d relu(1 - sqrt(var_d Z + 1e-5));
    - covariance: the sum over branches of sum over d != e of cov_de(Z)^2 / D;

    var and cov with N.
    """

    formula: ClassVar[str] = (
        "$invariance_weight sum over ordered pairs of mean((X-Y)^2) "
        "+ $variance_weight sum over Z of mean_d relu(1 - sqrt(var_d Z + 1e-5)) "
        "+ $covariance_weight sum over Z of sum_{d!=e} cov_de(Z)^2 / D, var and cov with 1/N"
    )

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """See `Objective.chance`, and `VICReg.chance` for the spread s.

        n branches of spread s have n (n - 1) ordered pairs that are 2 s^2 apart, and each
        lacks 1 - s: n [2 (n - 1) a s^2 + b (1 - s)], least at s = b / 4a(n - 1), or at 1.
        With 25 and 25 and two branches it is 43.75.
        """
        pull, spread = (num_branches - 1) * self.invariance_weight, 1.0
        if pull > 0:
            spread = min(1.0, self.variance_weight / (4 * pull))
        return num_branches * (2 * pull * spread**2 + self.variance_weight * (1 - spread))

    def build(self) -> nn.Module:
        """See `Objective.build`; the terms are "invariance", "variance" and "covariance"."""
        from harness.objectives.loss.vicreg_authors import VICRegAuthorsLoss

        return VICRegAuthorsLoss(self)
