"""Modules of dense layers: the expander, and the encoder of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from torch import Tensor, nn

from harness.models.nets.shell import EncoderModule


class ExpanderModule(nn.Module):
    """Dense-BN-ReLU (depth - 1 times), then Dense with a bias.

    Attributes:
        num_features: Length of the embedding.
    """

    def __init__(self, in_features: int, width: int, depth: int) -> None:
        super().__init__()
        hidden = [in_features] + [width] * (depth - 1)
        self.hidden = nn.Sequential(*(_dense(before, after, bias=True) for before, after in pairwise(hidden)))
        self.last = nn.Linear(hidden[-1], width)
        self.in_features, self.num_features = in_features, width

    def forward(self, h_BF: Tensor) -> Tensor:
        """Embeddings, B x num_features."""
        z_BD: Tensor = self.last(self.hidden(h_BF))
        return z_BD

    def norms(self) -> Iterator[nn.BatchNorm1d]:
        """Its batch norms, in order."""
        return (layer for layer in self.modules() if isinstance(layer, nn.BatchNorm1d))


def begin_as_keras(module: nn.Module) -> None:
    """Draw all dense layers anew as Keras does: weights by Glorot's uniform distribution, biases of zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)


def _dense(before: int, after: int, bias: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, after, bias=bias), nn.BatchNorm1d(after), nn.ReLU(inplace=True))


def build_mlp(in_features: int, widths: Sequence[int]) -> EncoderModule:
    """The encoder of vectors; its layers have no bias, which the norm after them would take away."""
    layers = (_dense(before, after, bias=False) for before, after in pairwise((in_features, *widths)))
    return EncoderModule(nn.Sequential(*layers), widths[-1])
