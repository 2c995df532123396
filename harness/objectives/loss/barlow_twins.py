"""The computation of `harness.objectives.barlow_twins`."""

from __future__ import annotations

from torch import Tensor

from harness.objectives.barlow_twins import BarlowTwins
from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.correlation import correlation
from harness.objectives.loss.cross_gram import off_diagonal_cross_energy

VARIANCE_FLOOR = 1e-5


class BarlowTwinsLoss(ObjectiveLoss):
    """See `BarlowTwins` for the definition. Statistics and every reduction to a scalar are in float64."""

    config: BarlowTwins

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The two terms before their weight, and the weighted loss."""
        (x_ND, y_ND), dtype, num_global = whole, whole[0].dtype, len(whole[0])
        diagonal_D, energy = statistics(x_ND, y_ND, own)
        invariance = (diagonal_D / num_global - 1).square().sum()
        redundancy = energy / num_global**2
        loss = invariance + self.config.redundancy_weight * redundancy
        terms = {"loss": loss, "invariance": invariance, "redundancy": redundancy}
        return {name: value.to(dtype) for name, value in terms.items()}


def statistics(x_ND: Tensor, y_ND: Tensor, own: slice) -> tuple[Tensor, Tensor]:
    """The diagonal of A'B and the sum of its other entries' squares, by the cheapest way; see `correlation`."""
    if x_ND.device.type == "cpu" and len(x_ND) < x_ND.shape[1]:
        return correlation(x_ND, y_ND, own, VARIANCE_FLOOR)
    a_ND, b_ND = standardised(x_ND), standardised(y_ND)
    return (a_ND * b_ND).sum(0), off_diagonal_cross_energy(a_ND, b_ND, own, x_ND.dtype)


def standardised(z_ND: Tensor) -> Tensor:
    """Each dimension with mean 0 and, but for the floor, variance 1 over the rows; in float64."""
    z_ND = z_ND.double()
    centred_ND = z_ND - z_ND.mean(0)
    variance_D = centred_ND.square().mean(0)
    return centred_ND * (variance_D + VARIANCE_FLOOR).rsqrt()
