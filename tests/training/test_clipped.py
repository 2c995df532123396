"""The authors' Adam against TensorFlow's update written out, tensor by tensor."""

from __future__ import annotations

import math

import pytest
import torch

from harness.config.read import read
from harness.errors import ConfigError
from harness.training.optimiser import Adam

AUTHORS = Adam(lr=0.1, eps=1e-3, eps_form="uncorrected", clip_norm=1.0, clip_scale="sum")


def gradients(step: int) -> list[torch.Tensor]:
    """Of a mean over 8 samples: the first tensor's sum is longer than 1, the second's is not."""
    generator = torch.Generator().manual_seed(step)
    return [scale * torch.randn(5, dtype=torch.float64, generator=generator) for scale in (1.0, 0.01)]


def expected(steps: int, clip: float, samples: int) -> list[torch.Tensor]:
    """Adam in the form of Kingma and Ba's section 2, on the cut gradient of the sum."""
    weights = [torch.ones(5, dtype=torch.float64) for _ in range(2)]
    means, squares = [torch.zeros(5)] * 2, [torch.zeros(5)] * 2
    for step in range(1, steps + 1):
        rate = AUTHORS.lr * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        for index, gradient in enumerate(gradients(step)):
            summed = samples * gradient
            length = math.sqrt(float((summed**2).sum()))
            kept = summed * clip / max(length, clip)
            means[index] = 0.9 * means[index] + 0.1 * kept
            squares[index] = 0.999 * squares[index] + 0.001 * kept**2
            weights[index] = weights[index] - rate * means[index] / (squares[index].sqrt() + AUTHORS.eps)
    return weights


def stepped(config: Adam, steps: int, samples: int | None) -> list[torch.nn.Parameter]:
    weights = [torch.nn.Parameter(torch.ones(5, dtype=torch.float64)) for _ in range(2)]
    optimiser = config.build(weights, samples)
    for step in range(1, steps + 1):
        for weight, gradient in zip(weights, gradients(step), strict=True):
            weight.grad = gradient.clone()
        optimiser.step()
    return weights


def test_updates() -> None:
    for weight, wanted in zip(stepped(AUTHORS, 6, 8), expected(6, clip=1.0, samples=8), strict=True):
        torch.testing.assert_close(weight.detach(), wanted, rtol=1e-12, atol=1e-12)


def test_the_mean_is_cut_as_it_is() -> None:
    config = AUTHORS.model_copy(update={"clip_scale": "mean"})
    for weight, wanted in zip(stepped(config, 6, None), expected(6, clip=1.0, samples=1), strict=True):
        torch.testing.assert_close(weight.detach(), wanted, rtol=1e-12, atol=1e-12)


def test_a_tensor_without_a_gradient_stays() -> None:
    weights = [torch.nn.Parameter(torch.ones(3)) for _ in range(2)]
    optimiser = AUTHORS.build(weights, 8)
    weights[1].grad = torch.ones(3)
    optimiser.step()
    assert weights[0].tolist() == [1.0] * 3
    assert weights[1].tolist() != [1.0] * 3


def test_it_goes_on_from_its_state() -> None:
    weights = [torch.nn.Parameter(torch.ones(5, dtype=torch.float64)) for _ in range(2)]
    optimiser = AUTHORS.build(weights, 8)
    for step in range(1, 7):
        if step == 4:
            state, optimiser = optimiser.state_dict(), AUTHORS.build(weights, 8)
            optimiser.load_state_dict(state)
        for weight, gradient in zip(weights, gradients(step), strict=True):
            weight.grad = gradient.clone()
        optimiser.step()
    assert [weight.tolist() for weight in weights] == [weight.tolist() for weight in stepped(AUTHORS, 6, 8)]


def test_a_scale_without_a_cut_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"(?s)clip_scale 'sum' has no effect.*set clip_norm"):
        read(Adam, {"clip_scale": "sum"}, "grid.yaml")
