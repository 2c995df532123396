"""Every image loss against a slow loop, its invariances, its gradient, and one process over all samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from harness.config.read import read
from harness.distributed.collectives import mean_over_ranks, own_rows
from harness.distributed.world import World
from harness.translation import Loss
from support import ranks

Images = NDArray[np.float64]

WINDOW, HALF, SIGMA, C1, C2 = 11, 5, 1.5, 0.0001, 0.0009
SHAPE = (4, 3, 14, 16)
NAMES = sorted(Loss.catalogue())
every_loss = pytest.mark.parametrize("name", NAMES)


def images(count: int = SHAPE[0]) -> tuple[Images, Images]:
    """Pairs in 0..1 that are alike and not the same, from a formula; among them a dark one and one of one value."""
    b, c, i, j = np.meshgrid(np.arange(count), *map(np.arange, SHAPE[1:]), indexing="ij")
    x = 0.5 + 0.5 * np.sin(1 + 0.7 * i + 0.31 * j * (b + 1) + 0.9 * c)
    y = 0.6 * x + 0.4 * (0.5 + 0.5 * np.cos(0.2 * i * j + b))
    x[1], y[1] = 0.03 * x[1], 0.02 * y[1]
    x[2], y[2] = 0.95, 0.9
    return x, y


def slow_ssim(x: Images, y: Images) -> float:
    """Wang et al. (2004), window by window and pixel by pixel."""
    gauss = [math.exp(-((k - HALF) ** 2) / (2 * SIGMA**2)) for k in range(WINDOW)]
    total = sum(gauss) ** 2
    found = []
    for b, c in np.ndindex(*x.shape[:2]):
        for top in range(x.shape[2] - WINDOW + 1):
            for left in range(x.shape[3] - WINDOW + 1):
                at = [(u, v, gauss[u] * gauss[v] / total) for u in range(WINDOW) for v in range(WINDOW)]
                first = [x[b, c, top + u, left + v] for u, v, _ in at]
                second = [y[b, c, top + u, left + v] for u, v, _ in at]
                found.append(_one_window(first, second, [weight for _, _, weight in at]))
    return math.fsum(found) / len(found)


def _one_window(first: Sequence[float], second: Sequence[float], weights: Sequence[float]) -> float:
    def mean(values: Sequence[float]) -> float:
        return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))

    m, n = mean(first), mean(second)
    v, w = mean([(a - m) ** 2 for a in first]), mean([(a - n) ** 2 for a in second])
    covariance = mean([(a - m) * (b - n) for a, b in zip(first, second, strict=True)])
    return (2 * m * n + C1) * (2 * covariance + C2) / ((m * m + n * n + C1) * (v + w + C2))


def slow_mse(x: Images, y: Images) -> float:
    return math.fsum((a - b) ** 2 for a, b in zip(x.flat, y.flat, strict=True)) / x.size


ORACLES: dict[str, Callable[[Images, Images], float]] = {"ssim": lambda x, y: 1 - slow_ssim(x, y), "mse": slow_mse}
OF_CONSTANTS: dict[str, Callable[[float, float], float]] = {
    "ssim": lambda a, b: 1 - (2 * a * b + C1) / (a * a + b * b + C1),
    "mse": lambda a, b: (a - b) ** 2,
}


def module(name: str) -> nn.Module:
    return read(Loss, name, "test").build()


def value(name: str, x: Any, y: Any, dtype: torch.dtype = torch.float64) -> float:
    both = (torch.as_tensor(each, dtype=dtype) for each in (x, y))
    return float(module(name)(*both)["loss"])


def test_every_loss_has_an_oracle() -> None:
    assert set(NAMES) == set(ORACLES) == set(OF_CONSTANTS)


@every_loss
def test_it_is_the_slow_loop(name: str) -> None:
    x, y = images()
    assert value(name, x, y) == pytest.approx(ORACLES[name](x, y), rel=1e-12)


@every_loss
def test_in_single_precision_it_is_the_same_to_six_digits(name: str) -> None:
    x, y = images()
    assert value(name, x, y, torch.float32) == pytest.approx(value(name, x, y), abs=1e-6)


@every_loss
@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (0.0, 1.0), (0.25, 0.75), (0.5, 0.5)])
def test_of_images_of_one_value_each(name: str, a: float, b: float) -> None:
    x = torch.ones(2, 3, 12, 12, dtype=torch.float64)
    assert value(name, a * x, b * x) == pytest.approx(OF_CONSTANTS[name](a, b), abs=1e-12)


@every_loss
def test_it_is_nothing_for_equal_images(name: str) -> None:
    x, _ = images()
    assert value(name, x, x) == pytest.approx(0, abs=1e-13)


@every_loss
def test_order_of_samples_channels_and_sides_does_not_matter(name: str) -> None:
    x, y = images()
    wanted = value(name, x, y)
    for change in (lambda z: z[[2, 0, 3, 1]], lambda z: z[:, ::-1].copy(), lambda z: z.transpose(0, 1, 3, 2)):
        assert value(name, change(x), change(y)) == pytest.approx(wanted, rel=1e-12)
    assert value(name, y, x) == pytest.approx(wanted, rel=1e-12)


@every_loss
def test_gradient(name: str) -> None:
    x, y = (torch.tensor(each[:2, :2, :12, :12]) for each in images())
    loss = module(name)
    assert torch.autograd.gradcheck(lambda z: loss(z, y)["loss"], (x.requires_grad_(),))


@every_loss
def test_autocast_changes_nothing(name: str) -> None:
    x, y = (torch.tensor(each, dtype=torch.float32) for each in images())
    plain = module(name)(x, y)["loss"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under = module(name)(x, y)["loss"]
    assert under.dtype == torch.float32
    assert torch.equal(under, plain)


@every_loss
def test_half_precision_is_widened(name: str) -> None:
    x, y = (torch.tensor(each, dtype=torch.bfloat16) for each in images())
    found = module(name)(x, y)["loss"]
    assert found.dtype == torch.float32
    assert torch.equal(found, module(name)(x.float(), y.float())["loss"])


def test_what_is_recorded_beside_the_loss() -> None:
    x, y = (torch.tensor(each).requires_grad_() for each in images())
    assert set(module("mse")(x, y)) == {"loss"}
    found = module("ssim")(x, y)
    assert float((found["loss"] + found["ssim"]).detach()) == pytest.approx(1)
    assert not found["ssim"].requires_grad


class Painter(nn.Module):
    """A predictor with something to learn, and the loss."""

    def __init__(self, name: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.loss = nn.Conv2d(3, 3, 3, padding=1).double(), module(name)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        loss: Tensor = self.loss(torch.sigmoid(self.layer(x)), y)["loss"]
        return loss


def over_ranks(world: World) -> dict[str, tuple[Tensor, Tensor]]:
    """Each loss, averaged over ranks, and DDP's gradient of every parameter in one vector."""
    found = {}
    for name in NAMES:
        x, y = (torch.tensor(each)[own_rows(6)] for each in images(6))
        model: nn.Module = Painter(name)
        parameters = list(model.parameters())
        if world.size > 1:
            model = DistributedDataParallel(model)
        loss = model(x, y)
        loss.backward()
        gradient = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
        found[name] = mean_over_ranks(loss), gradient
    return found


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_together_give_what_one_process_gives(world_size: int) -> None:
    (alone,) = ranks.run(over_ranks, 1)
    for found in ranks.run(over_ranks, world_size):
        for name, (loss, gradient) in found.items():
            torch.testing.assert_close(loss, alone[name][0], rtol=1e-12, atol=1e-14)
            torch.testing.assert_close(gradient, alone[name][1], rtol=1e-12, atol=1e-14)
