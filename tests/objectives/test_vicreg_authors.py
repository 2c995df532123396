"""The authors' form of VICReg alone: more branches, its weights, its chance, and what it has of the official form."""

from __future__ import annotations

import pytest
import torch

from harness.config.plain import to_plain
from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.oracles import Oracle, sample_embeddings


def terms(branches: list[torch.Tensor], name: str = "vicreg_authors", **settings: float) -> dict[str, float]:
    found = read(Objective, {"name": name, **settings}, "test").build()(branches)
    return {name: value.item() for name, value in found.items()}


@pytest.mark.parametrize("num_branches", [2, 3, 4])
@pytest.mark.parametrize("shape", [(7, 4), (4, 7)])
def test_every_ordered_pair_and_every_branch_counts(
    shape: tuple[int, int], num_branches: int, oracles: dict[str, Oracle]
) -> None:
    x, y = sample_embeddings(*shape)
    branches = [x, y, 0.7 * x - 0.4 * y + 0.1 * x**2, x * y][:num_branches]
    expected = oracles["vicreg_authors"].loop([branch.tolist() for branch in branches])
    assert terms([torch.tensor(branch) for branch in branches]) == pytest.approx(expected, rel=1e-12)


def test_against_the_official_form() -> None:
    """Twice its invariance, (1 - 1/N)^2 of its covariance, and a hinge that differs by the variance's divisor."""
    branches = [torch.tensor(branch) for branch in sample_embeddings()]
    theirs, official = terms(branches), terms(branches, "vicreg")
    assert theirs["invariance"] == pytest.approx(2 * official["invariance"], rel=1e-14)
    assert theirs["covariance"] == pytest.approx((7 / 8) ** 2 * official["covariance"], rel=1e-12)
    assert theirs["variance"] > 2 * official["variance"]


def test_weights_multiply_the_terms() -> None:
    branches = [torch.tensor(branch) for branch in sample_embeddings()]
    found = terms(branches, invariance_weight=2.0, variance_weight=3, covariance_weight=0.5)
    expected = 2 * found["invariance"] + 3 * found["variance"] + 0.5 * found["covariance"]
    assert found["loss"] == pytest.approx(expected, rel=1e-14)


def test_chance_is_that_of_all_branches() -> None:
    objective = read(Objective, "vicreg_authors", "test")
    assert objective.chance(128) == 43.75
    generator = torch.Generator().manual_seed(0)
    means = []
    for spread in (0.05, 0.1, 0.125, 0.15, 0.25, 1.0):
        drawn = torch.randn(40, 3, 64, 8, dtype=torch.float64, generator=generator) * spread
        means.append(sum(terms(list(each))["loss"] for each in drawn) / 40)
    chance = objective.chance(64, num_branches=3)
    assert 0.995 * chance < min(means) < 1.05 * chance
    assert read(Objective, {"name": "vicreg_authors", "invariance_weight": 0}, "test").chance(64) == 0


def test_it_has_a_name_and_an_identity_of_its_own() -> None:
    official, theirs = (to_plain(read(Objective, name, "test")) for name in ("vicreg", "vicreg_authors"))
    assert official != theirs
    assert {**theirs, "name": "vicreg"} == official


def test_a_weight_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="'variance_weight'"):
        read(Objective, {"name": "vicreg_authors", "variance_weight": -1.0}, "test")
