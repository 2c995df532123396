"""The computation of `harness.objectives.vicreg`."""

from __future__ import annotations

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
        dtype = whole[0].dtype
        centred = [_centred(z_ND) for z_ND in whole]
        terms = {
            "invariance": torch.stack([_distance(x_ND, y_ND) for x_ND, y_ND in combinations(whole, 2)]).mean(),
            "variance": torch.stack([_lack_of_spread(z_ND) for z_ND in centred]).mean(),
            # The mean over pairs of a sum over the pair's two is twice the mean over branches.
            "covariance": 2 * torch.stack([_covariance(z_ND, own, dtype) for z_ND in centred]).mean(),
        }
        weights = (self.config.invariance_weight, self.config.variance_weight, self.config.covariance_weight)
        loss = torch.stack([weight * term for weight, term in zip(weights, terms.values(), strict=True)]).sum()
        return {name: value.to(dtype) for name, value in {"loss": loss, **terms}.items()}


def _centred(z_ND: Tensor) -> Tensor:
    z_ND = z_ND.double()
    return z_ND - z_ND.mean(0)


def _distance(x_ND: Tensor, y_ND: Tensor) -> Tensor:
    return (x_ND - y_ND).square().mean(dtype=torch.float64)


def _lack_of_spread(z_ND: Tensor) -> Tensor:
    variance_D = z_ND.square().sum(0) / (len(z_ND) - 1)
    return torch.relu(1 - (variance_D + VARIANCE_FLOOR).sqrt()).mean()


def _covariance(z_ND: Tensor, own: slice, dtype: torch.dtype) -> Tensor:
    num_global, width = z_ND.shape
    return off_diagonal_energy(z_ND, own, dtype) / (num_global - 1) ** 2 / width
