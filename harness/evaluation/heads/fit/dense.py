"""Softmax regression by Adam, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from harness.evaluation.heads import Fitted, Floats

if TYPE_CHECKING:
    from harness.evaluation.heads.linear import Linear


def fit_dense(settings: Linear, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, seed: int) -> Fitted:
    """Train one dense layer; see `Head.fit`."""
    generator = torch.Generator().manual_seed(seed)
    x_NF, y_N = torch.from_numpy(features_NF), torch.from_numpy(labels_N)
    layer = _layer(x_NF.shape[1], classes, generator)
    adam = torch.optim.Adam(layer.parameters(), lr=settings.learning_rate)
    for _ in range(settings.epochs):
        order_N = torch.randperm(len(x_NF), generator=generator)
        for rows in order_N.split(settings.global_batch_size):  # type: ignore[no-untyped-call]
            adam.zero_grad(set_to_none=True)
            F.cross_entropy(layer(x_NF[rows]), y_N[rows]).backward()  # type: ignore[no-untyped-call]
            adam.step()
    return lambda features_MF: _probabilities(layer, features_MF)


def _layer(features: int, classes: int, generator: torch.Generator) -> nn.Linear:
    """A dense layer with Glorot-uniform weights, as Keras draws them, and no bias at the start."""
    layer = nn.Linear(features, classes)
    bound = (6 / (features + classes)) ** 0.5
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.zero_()
    return layer


@torch.no_grad()
def _probabilities(layer: nn.Linear, features_MF: Floats) -> Floats:
    logits_MC: Tensor = layer(torch.from_numpy(features_MF))
    return logits_MC.softmax(dim=1).numpy()
