"""NT-Xent alone: its temperature and its ends."""

from __future__ import annotations

import math

import pytest
import torch

from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.oracles import sample_embeddings


def loss(embeddings: list[torch.Tensor], temperature: float = 0.5) -> float:
    return read(Objective, {"name": "ntxent", "temperature": temperature}, "test").build()(embeddings)["loss"].item()


def test_equal_embeddings_are_told_apart_by_chance() -> None:
    assert loss([torch.ones(6, 4, dtype=torch.float64)] * 2) == pytest.approx(math.log(11), rel=1e-14)


def test_orthogonal_samples_have_the_value_of_the_formula() -> None:
    """Partners agree (cosine 1), all others are orthogonal: -log(e^(1/t) / (e^(1/t) + 2N - 2))."""
    rows = 7 * torch.eye(5, dtype=torch.float64)
    for temperature in (0.1, 0.5, 2.0):
        expected = math.log(1 + 8 * math.exp(-1 / temperature))
        assert loss([rows, 0.3 * rows], temperature) == pytest.approx(expected, rel=1e-13)


def test_a_sharp_temperature_stays_exact_under_autocast() -> None:
    branches = [torch.tensor(branch) for branch in sample_embeddings(32, 16)]
    exact = loss(branches, 0.01)
    with torch.autocast("cpu", torch.bfloat16):
        assert loss([branch.float() for branch in branches], 0.01) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("value", [0.0, -0.5, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_named(value: float) -> None:
    with pytest.raises(ConfigError, match="'temperature'"):
        read(Objective, {"name": "ntxent", "temperature": value}, "test")
