"""The computation of `harness.objectives.vicreg_authors`."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.distance import distance
from harness.objectives.loss.vicreg import lack_of_spread, statistics, weighted
from harness.objectives.vicreg_authors import VICRegAuthors

VARIANCE_FLOOR = 1e-5


class VICRegAuthorsLoss(ObjectiveLoss):
    """See `VICRegAuthors` for the definition. Every reduction to a scalar is in float64."""

    config: VICRegAuthors

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The three terms before their weights, and the weighted loss."""
        (num_global, width), dtype = whole[0].shape, whole[0].dtype
        every = [statistics(z_ND, own) for z_ND in whole]
        terms = {
            # The ordered pairs are the unordered ones twice.
            "invariance": 2 * torch.stack([distance(x_ND, y_ND) for x_ND, y_ND in combinations(whole, 2)]).sum(),
            "variance": torch.stack([lack_of_spread(sums_D / num_global, VARIANCE_FLOOR) for sums_D, _ in every]).sum(),
            "covariance": torch.stack([energy / num_global**2 / width for _, energy in every]).sum(),
        }
        return weighted(self.config, terms, dtype)
