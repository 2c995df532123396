"""The computation of `harness.objectives.barlow_twins`."""

from __future__ import annotations

from torch import Tensor

from harness.objectives.barlow_twins import BarlowTwins
from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.cross_gram import off_diagonal_cross_energy

VARIANCE_FLOOR = 1e-5


class BarlowTwinsLoss(ObjectiveLoss):
    """See `BarlowTwins` for the definition. Statistics and every reduction to a scalar are in float64."""

    config: BarlowTwins

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The two terms before their weight, and the weighted loss."""
        dtype, num_global = whole[0].dtype, len(whole[0])
        a_ND, b_ND = (standardised(z_ND) for z_ND in whole)
        invariance = ((a_ND * b_ND).mean(0) - 1).square().sum()
        redundancy = off_diagonal_cross_energy(a_ND, b_ND, own, dtype) / num_global**2
        loss = invariance + self.config.redundancy_weight * redundancy
        terms = {"loss": loss, "invariance": invariance, "redundancy": redundancy}
        return {name: value.to(dtype) for name, value in terms.items()}


def standardised(z_ND: Tensor) -> Tensor:
    """Each dimension with mean 0 and, but for the floor, variance 1 over the rows; in float64."""
    z_ND = z_ND.double()
    centred_ND = z_ND - z_ND.mean(0)
    variance_D = centred_ND.square().mean(0)
    return centred_ND * (variance_D + VARIANCE_FLOOR).rsqrt()
