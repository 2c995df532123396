"""Softmax and cross-entropy by steps of Adam, in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.evaluation.heads import Fitted, Floats

if TYPE_CHECKING:
    from harness.evaluation.heads.stepped import FeaturesOf, Stepped


def train(
    settings: Stepped, features_of: FeaturesOf, num_features: int, labels_N: NDArray[np.int64], classes: int, seed: int
) -> Fitted:
    """Train a head; see `Stepped.fit_epochs`."""
    generator = torch.Generator().manual_seed(seed)
    y_N = torch.from_numpy(labels_N)
    network = settings.network(num_features, classes, generator)
    least = _least(network, settings, len(labels_N))
    adam = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    for epoch in range(settings.epochs):
        order_N = torch.randperm(len(y_N), generator=generator)
        for rows in order_N.split(settings.global_batch_size):  # type: ignore[no-untyped-call]
            if len(rows) < least:
                continue
            x_BF = torch.from_numpy(features_of(epoch, rows.numpy()))
            adam.zero_grad(set_to_none=True)
            F.cross_entropy(network(x_BF), y_N[rows]).backward()  # type: ignore[no-untyped-call]
            adam.step()
    network.eval()
    return lambda features_MF: _probabilities(network, features_MF)


def _least(network: nn.Module, settings: Stepped, samples: int) -> int:
    """The fewest samples that a step can be made of.

    Raises:
        ConfigError: No batch has as many.
    """
    least = 2 if any(isinstance(module, nn.BatchNorm1d) for module in network.modules()) else 1
    largest = min(samples, settings.global_batch_size)
    if largest < least:
        raise ConfigError(
            f"the head {settings.name!r} has a batch norm, but its batches have {largest} sample",
            where=f"head.global_batch_size {settings.global_batch_size}, {samples} training samples",
            legal="batches of 2 samples or more",
            mend="take a larger batch or fraction, or the head 'linear'",
        )
    return least


@torch.no_grad()
def _probabilities(network: nn.Module, features_MF: Floats) -> Floats:
    logits_MC: Tensor = network(torch.from_numpy(features_MF))
    return logits_MC.softmax(dim=1).numpy()
