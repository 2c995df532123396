"""The computation of `harness.objectives.vicreg`, and its parts, which the authors' form shares."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor

from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.gram import off_diagonal_energy
from harness.objectives.vicreg import VICReg

VARIANCE_FLOOR = 1e-4


class VICRegLoss(ObjectiveLoss):
    """See `VICReg` for the definition. Every reduction to a scalar is in float64."""

    config: VICReg

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The three terms before their weights, and the weighted loss."""
        dtype, freedom = whole[0].dtype, len(whole[0]) - 1
        every = [centred(z_ND) for z_ND in whole]
        terms = {
            "invariance": torch.stack([distance(x_ND, y_ND) for x_ND, y_ND in combinations(whole, 2)]).mean(),
            "variance": torch.stack([lack_of_spread(z_ND, freedom, VARIANCE_FLOOR) for z_ND in every]).mean(),
            # The mean over pairs of a sum over the pair's two is twice the mean over branches.
            "covariance": 2 * torch.stack([covariance(z_ND, own, dtype, freedom) for z_ND in every]).mean(),
        }
        return weighted(self.config, terms, dtype)


def weighted(config: VICReg, terms: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """The terms, invariance, variance and covariance in this order, after their weighted sum, all in `dtype`."""
    weights = (config.invariance_weight, config.variance_weight, config.covariance_weight)
    loss = torch.stack([weight * term for weight, term in zip(weights, terms.values(), strict=True)]).sum()
    return {name: value.to(dtype) for name, value in {"loss": loss, **terms}.items()}


def centred(z_ND: Tensor) -> Tensor:
    """Each dimension with mean 0 over the rows, in float64."""
    z_ND = z_ND.double()
    return z_ND - z_ND.mean(0)


def distance(x_ND: Tensor, y_ND: Tensor) -> Tensor:
    """The mean squared difference of two branches."""
    return (x_ND - y_ND).square().mean(dtype=torch.float64)


def lack_of_spread(z_ND: Tensor, freedom: int, floor: float) -> Tensor:
    """By how much the standard deviation falls short of 1, the mean over dimensions.

    Args:
        z_ND: Centred embeddings.
        freedom: What the sum of squares is divided by: N - 1 or N.
        floor: Added to the variance.
    """
    variance_D = z_ND.square().sum(0) / freedom
    return torch.relu(1 - (variance_D + floor).sqrt()).mean()


def covariance(z_ND: Tensor, own: slice, dtype: torch.dtype, freedom: int) -> Tensor:
    """The squared off-diagonal covariances over the width, summed; see `off_diagonal_energy` and `lack_of_spread`."""
    return off_diagonal_energy(z_ND, own, dtype) / freedom**2 / z_ND.shape[1]
