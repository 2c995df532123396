"""The computation of `harness.objectives.vicreg_authors`."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.vicreg import centred, covariance, distance, lack_of_spread, weighted
from harness.objectives.vicreg_authors import VICRegAuthors

VARIANCE_FLOOR = 1e-5


class VICRegAuthorsLoss(ObjectiveLoss):
    """See `VICRegAuthors` for the definition. Every reduction to a scalar is in float64."""

    config: VICRegAuthors

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The three terms before their weights, and the weighted loss."""
        dtype, num_global = whole[0].dtype, len(whole[0])
        every = [centred(z_ND) for z_ND in whole]
        terms = {
            # The ordered pairs are the unordered ones twice.
            "invariance": 2 * torch.stack([distance(x_ND, y_ND) for x_ND, y_ND in combinations(whole, 2)]).sum(),
            "variance": torch.stack([lack_of_spread(z_ND, num_global, VARIANCE_FLOOR) for z_ND in every]).sum(),
            "covariance": torch.stack([covariance(z_ND, own, dtype, num_global) for z_ND in every]).sum(),
        }
        return weighted(self.config, terms, dtype)
