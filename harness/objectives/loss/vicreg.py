"""The computation of `harness.objectives.vicreg`, and its parts, which the authors' form shares."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor

from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.distance import distance
from harness.objectives.loss.gram import off_diagonal_energy
from harness.objectives.loss.spread import spread
from harness.objectives.vicreg import VICReg

VARIANCE_FLOOR = 1e-4


class VICRegLoss(ObjectiveLoss):
    """See `VICReg` for the definition. Every reduction to a scalar is in float64."""

    config: VICReg

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The three terms before their weights, and the weighted loss."""
        (num_global, width), dtype = whole[0].shape, whole[0].dtype
        freedom, every = num_global - 1, [statistics(z_ND, own) for z_ND in whole]
        terms = {
            "invariance": torch.stack([distance(x_ND, y_ND) for x_ND, y_ND in combinations(whole, 2)]).mean(),
            "variance": torch.stack([lack_of_spread(sums_D / freedom, VARIANCE_FLOOR) for sums_D, _ in every]).mean(),
            # The mean over pairs of a sum over the pair's two is twice the mean over branches.
            "covariance": 2 * torch.stack([energy / freedom**2 / width for _, energy in every]).mean(),
        }
        return weighted(self.config, terms, dtype)


def weighted(config: VICReg, terms: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """The terms, invariance, variance and covariance in this order, after their weighted sum, all in `dtype`."""
    weights = (config.invariance_weight, config.variance_weight, config.covariance_weight)
    loss = torch.stack([weight * term for weight, term in zip(weights, terms.values(), strict=True)]).sum()
    return {name: value.to(dtype) for name, value in {"loss": loss, **terms}.items()}


def statistics(z_ND: Tensor, own: slice) -> tuple[Tensor, Tensor]:
    """What variance and covariance are made of, by the cheapest way.

    Args:
        z_ND: Embeddings of the global batch.
        own: This rank's rows.

    Returns:
        Each column's sum of squares about its mean, D, and the sum of the squared
        off-diagonal entries of Z'Z of the centred Z, as a scalar whose mean over ranks it is;
        both float64.
    """
    if z_ND.device.type == "cpu" and len(z_ND) < z_ND.shape[1]:
        return spread(z_ND, own)
    centred_ND = centred(z_ND)
    return centred_ND.square().sum(0), off_diagonal_energy(centred_ND, own, z_ND.dtype)


def centred(z_ND: Tensor) -> Tensor:
    """Each dimension with mean 0 over the rows, in float64."""
    z_ND = z_ND.double()
    return z_ND - z_ND.mean(0)


def lack_of_spread(variance_D: Tensor, floor: float) -> Tensor:
    """By how much the standard deviation falls short of 1, the mean over dimensions; `floor` is added in the root."""
    return torch.relu(1 - (variance_D + floor).sqrt()).mean()
