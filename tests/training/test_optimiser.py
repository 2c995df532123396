"""Adam against the update written out (Kingma and Ba, algorithm 1, with the coupled weight decay)."""

import pytest
import torch

from harness.config.read import read
from harness.errors import ConfigError
from harness.training.optimiser import Adam


@pytest.mark.parametrize("config", [Adam(), Adam(lr=0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.2)])
def test_updates(config: Adam) -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(5, dtype=torch.float64, generator=generator))
    expected, mean, square = weight.detach().clone(), torch.zeros(5), torch.zeros(5)
    optimiser = config.build([weight])
    for step in range(1, 6):
        gradient = torch.randn(5, dtype=torch.float64, generator=generator)
        weight.grad = gradient.clone()
        optimiser.step()
        gradient = gradient + config.weight_decay * expected
        mean = config.betas[0] * mean + (1 - config.betas[0]) * gradient
        square = config.betas[1] * square + (1 - config.betas[1]) * gradient**2
        unbiased = mean / (1 - config.betas[0] ** step), square / (1 - config.betas[1] ** step)
        expected = expected - config.lr * unbiased[0] / (unbiased[1].sqrt() + config.eps)
        torch.testing.assert_close(weight.detach(), expected, rtol=1e-12, atol=1e-12)


def test_it_is_the_fused_one() -> None:
    assert Adam().build([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]["fused"]


def test_defaults_are_the_papers() -> None:
    assert (Adam().lr, Adam().weight_decay) == (1e-4, 0.0)


@pytest.mark.parametrize("settings", [{"lr": 0}, {"betas": [0.9, 1.0]}, {"betas": [0.9]}, {"eps": 0}])
def test_settings_that_cannot_train_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        read(Adam, settings, "grid.yaml")
