"""Cross-view InfoNCE alone: its temperature and its ends."""

from __future__ import annotations

import math

import pytest
import torch

from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.oracles import sample_embeddings


def loss(embeddings: list[torch.Tensor], name: str = "infonce", **settings: float) -> float:
    return read(Objective, {"name": name, **settings}, "test").build()(embeddings)["loss"].item()


def test_equal_embeddings_are_told_apart_by_chance() -> None:
    assert loss([torch.ones(6, 4, dtype=torch.float64)] * 2) == pytest.approx(math.log(6), rel=1e-14)


def test_orthogonal_samples_have_the_value_of_the_formula() -> None:
    """Partners agree (cosine 1), the N - 1 others are orthogonal: log(1 + (N - 1) e^(-1/t))."""
    rows = 7 * torch.eye(5, dtype=torch.float64)
    for temperature in (0.1, 0.5, 2.0):
        expected = math.log(1 + 4 * math.exp(-1 / temperature))
        assert loss([rows, 0.3 * rows], temperature=temperature) == pytest.approx(expected, rel=1e-12)


def test_there_are_no_negatives_of_the_same_branch() -> None:
    """One branch collapses onto one direction that is orthogonal to the other branch: all N candidates tie."""
    x, y = torch.zeros(4, 5, dtype=torch.float64), torch.zeros(4, 5, dtype=torch.float64)
    x[:, 0], y[:, 1:] = 1, torch.eye(4)
    assert loss([x, y]) == pytest.approx(math.log(4), rel=1e-14)
    assert loss([x, y], "ntxent") > math.log(7) + 0.1


def test_a_sharp_temperature_stays_exact_under_autocast() -> None:
    branches = [torch.tensor(branch) for branch in sample_embeddings(32, 16)]
    exact = loss(branches, temperature=0.01)
    with torch.autocast("cpu", torch.bfloat16):
        assert loss([branch.float() for branch in branches], temperature=0.01) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("name", ["infonce", "clip"])
@pytest.mark.parametrize("value", [0.0, -0.5, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match="'temperature'"):
        read(Objective, {"name": name, "temperature": value}, "test")


def test_nothing_in_it_is_learnt() -> None:
    assert not list(read(Objective, "infonce", "test").build().parameters())
