"""Heads trained step by step in float64 numpy, with every gradient written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Dense:
    """x W' + b."""

    def __init__(self, features: int, classes: int, generator: torch.Generator) -> None:
        bound = (6 / (features + classes)) ** 0.5
        weight = torch.empty(classes, features).uniform_(-bound, bound, generator=generator)
        self.parameters = [weight.double().numpy(), np.zeros(classes)]

    def forward(self, x: Floats, training: bool) -> Floats:
        self.x = x
        return x @ self.parameters[0].T + self.parameters[1]

    def backward(self, off: Floats) -> tuple[Floats, list[Floats]]:
        return off @ self.parameters[0], [off.T @ self.x, off.sum(axis=0)]


class Norm:
    """Batch norm: biased deviation in training, running statistics with the unbiased one in use."""

    def __init__(self, features: int, eps: float, momentum: float, affine: bool) -> None:
        self.parameters = [np.ones(features), np.zeros(features)] if affine else []
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.eps, self.momentum = eps, momentum

    def forward(self, x: Floats, training: bool) -> Floats:
        mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (self.mean, self.var)
        if training:
            self.mean = self.mean + self.momentum * (mean - self.mean)
            self.var = self.var + self.momentum * (x.var(axis=0, ddof=1) - self.var)
        self.scale = 1 / np.sqrt(var + self.eps)
        self.normal = (x - mean) * self.scale
        return self.normal * self.parameters[0] + self.parameters[1] if self.parameters else self.normal

    def backward(self, off: Floats) -> tuple[Floats, list[Floats]]:
        gradients = [(off * self.normal).sum(axis=0), off.sum(axis=0)] if self.parameters else []
        inner = off * self.parameters[0] if self.parameters else off
        projected = inner - inner.mean(axis=0) - self.normal * (inner * self.normal).mean(axis=0)
        return projected * self.scale, gradients


class Relu:
    """max(x, 0)."""

    parameters: list[Floats] = []

    def forward(self, x: Floats, training: bool) -> Floats:
        self.positive = x > 0
        return x * self.positive

    def backward(self, off: Floats) -> tuple[Floats, list[Floats]]:
        return off * self.positive, []


def layers(name: str, features: int, classes: int, generator: torch.Generator) -> list[Any]:
    """The layers of a head by its name, drawn in their order."""
    if name == "linear":
        return [Dense(features, classes, generator)]
    if name == "bn_linear":
        return [Norm(features, 1e-6, 0.1, affine=False), Dense(features, classes, generator)]
    assert name == "mlp256", f"no slow form of the head {name!r}"
    inner, last = Dense(features, 256, generator), Dense(256, classes, generator)
    return [Norm(features, 1e-3, 0.01, affine=True), inner, Relu(), Norm(256, 1e-3, 0.01, affine=True), last]


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1), with its usual constants."""

    def __init__(self, rate: float) -> None:
        self.rate, self.step, self.first, self.second = rate, 0, {}, {}

    def update(self, parameters: Mapping[Any, Floats], gradients: Mapping[Any, Floats]) -> None:
        self.step += 1
        for name, value in parameters.items():
            grad = gradients[name]
            self.first[name] = 0.9 * self.first.get(name, 0.0) + 0.1 * grad
            self.second[name] = 0.999 * self.second.get(name, 0.0) + 0.001 * grad**2
            mean = self.first[name] / (1 - 0.9**self.step)
            square = self.second[name] / (1 - 0.999**self.step)
            value -= self.rate * mean / (np.sqrt(square) + 1e-8)


def shares(logits: Floats) -> Floats:
    """Softmax of each row."""
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


class SlowHead:
    """A head that trains as `name` does; one call is one step, in the order that the caller chooses."""

    def __init__(self, name: str, features: int, classes: int, generator: torch.Generator, rate: float = 1e-3) -> None:
        self.layers = layers(name, features, classes, generator)
        self.classes, self.adam = classes, Adam(rate)

    def logits(self, x: Floats, training: bool) -> Floats:
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def step(self, x: NDArray[Any], labels: NDArray[np.int64]) -> None:
        off = (shares(self.logits(x.astype(np.float64), True)) - np.eye(self.classes)[labels]) / len(x)
        gradients: dict[Any, Floats] = {}
        for depth in reversed(range(len(self.layers))):
            off, found = self.layers[depth].backward(off)
            gradients |= {(depth, index): gradient for index, gradient in enumerate(found)}
        of_depth = enumerate(self.layers)
        self.adam.update({(d, i): p for d, layer in of_depth for i, p in enumerate(layer.parameters)}, gradients)

    def probabilities(self, x: NDArray[Any]) -> Floats:
        return shares(self.logits(x.astype(np.float64), False))


def slow_fit(
    settings: Any, features: NDArray[Any], labels: NDArray[np.int64], classes: int, seed: int, least: int = 1
) -> SlowHead:
    """A head trained as `Stepped.fit` documents; a batch of fewer than `least` samples is passed over."""
    generator = torch.Generator().manual_seed(seed)
    head = SlowHead(settings.name, features.shape[1], classes, generator, settings.learning_rate)
    for _ in range(settings.epochs):
        order = torch.randperm(len(labels), generator=generator).tolist()
        while order:
            rows, order = order[: settings.global_batch_size], order[settings.global_batch_size :]
            if len(rows) >= least:
                head.step(features[rows], labels[rows])
    return head
