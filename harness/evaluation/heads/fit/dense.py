"""The networks of the heads that Adam trains, in torch."""

from __future__ import annotations

import torch
from torch import nn


def dense(features: int, classes: int, generator: torch.Generator) -> nn.Linear:
    """A dense layer with Glorot-uniform weights, as Keras draws them, and no bias at the start."""
    layer = nn.Linear(features, classes)
    bound = (6 / (features + classes)) ** 0.5
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.zero_()
    return layer


def normed_dense(features: int, classes: int, generator: torch.Generator) -> nn.Sequential:
    """A batch norm without weights, and a dense layer."""
    return nn.Sequential(nn.BatchNorm1d(features, eps=1e-6, affine=False), dense(features, classes, generator))


def hidden_dense(features: int, hidden: int, classes: int, generator: torch.Generator) -> nn.Sequential:
    """Norm, dense, ReLU, norm, dense, the norms with weights and as Keras makes them."""
    return nn.Sequential(
        _keras_norm(features),
        dense(features, hidden, generator),
        nn.ReLU(),
        _keras_norm(hidden),
        dense(hidden, classes, generator),
    )


def _keras_norm(features: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(features, eps=1e-3, momentum=0.01)
