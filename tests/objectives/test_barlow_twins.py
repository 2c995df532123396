"""Barlow Twins alone: its weight, its ends, and the Gram form against the D x D one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from harness.objectives.loss import cross_gram
from harness.objectives.loss.barlow_twins import standardised
from support.oracles import sample_embeddings

WHOLE = slice(0, None)


def pair(num_rows: int, width: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two standardised branches that agree in part."""
    generator = np.random.default_rng(seed)
    common, *own = generator.normal(size=(3, num_rows, width))
    a, b = (standardised(torch.tensor(common + each)) for each in own)
    return a.requires_grad_(), b.requires_grad_()


def relative_errors(a: Tensor, b: Tensor, dtype: torch.dtype) -> tuple[float, float]:
    """Of the value and of its gradient, the Gram form in `dtype` against the definition in float64."""
    got = cross_gram.cross_gram_energy(a, b, WHOLE, dtype)
    want = cross_gram.direct_cross_energy(a, b, torch.float64)
    gradients = [torch.cat(torch.autograd.grad(value, (a, b))) for value in (got, want)]
    return abs(got.item() / want.item() - 1), ((gradients[0] - gradients[1]).norm() / gradients[1].norm()).item()


@pytest.mark.parametrize("shape", [(4, 9), (32, 256), (9, 4)])
def test_gram_form_equals_the_direct_one_in_float64(shape: tuple[int, int]) -> None:
    assert relative_errors(*pair(*shape), torch.float64) == pytest.approx((0, 0), abs=1e-12)


def test_gram_form_in_float32() -> None:
    assert max(relative_errors(*pair(32, 256), torch.float32)) < 1e-6


def without_redundancy(num_rows: int, width: int) -> tuple[Tensor, Tensor]:
    """Branches whose cross-correlation has next to nothing off its diagonal, though each has much in its own Gram."""
    a, b = (each.detach() for each in pair(num_rows, width))
    left, right = a[:, : width // 2], b[:, width // 2 :]
    basis = torch.linalg.qr(left)[0]
    right = right - basis @ (basis.T @ right) + 1e-5 * right
    return (
        torch.cat([left, torch.zeros_like(right)], 1).requires_grad_(),
        torch.cat([torch.zeros_like(left), right], 1).requires_grad_(),
    )


def test_what_cancels_is_made_again_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = without_redundancy(64, 80)
    value, _ = relative_errors(a, b, torch.float32)
    assert value < 1e-6
    monkeypatch.setattr(cross_gram, "TRUSTED_SHARE", -torch.inf)
    assert relative_errors(a, b, torch.float32)[0] > 100 * max(value, 1e-9), "the fall-back does nothing"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_ranks_shares_have_the_whole_as_their_mean(dtype: torch.dtype) -> None:
    a, b = pair(12, 256)
    shares = torch.stack([cross_gram.cross_gram_energy(a, b, slice(i, i + 3), dtype) for i in range(0, 12, 3)])
    tolerance = 1e-10 if dtype is torch.float64 else 1e-6
    whole = cross_gram.direct_cross_energy(a, b, torch.float64)
    torch.testing.assert_close(shares.mean(), whole, rtol=tolerance, atol=0)


def test_the_cheaper_form_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_gram, "cross_gram_energy", lambda *_: "gram")
    monkeypatch.setattr(cross_gram, "direct_cross_energy", lambda *_: "direct")
    for shape, form in (((4, 5), "gram"), ((5, 5), "direct"), ((6, 5), "direct")):
        z = torch.zeros(shape)
        assert cross_gram.off_diagonal_cross_energy(z, z, WHOLE, torch.float32) == form


def terms(branches: list[Tensor], **settings: float) -> dict[str, float]:
    found = read(Objective, {"name": "barlow_twins", **settings}, "test").build()(branches)
    return {name: value.item() for name, value in found.items()}


def test_equal_branches_with_independent_dimensions_cost_nothing() -> None:
    """A Hadamard matrix: columns of mean 0 and variance 1, orthogonal to each other; only the floor is left."""
    one = np.array([[1.0]])
    for _ in range(3):
        one = np.block([[one, one], [one, -one]])
    z = torch.tensor(one[:, 1:])
    assert terms([z, z]) == pytest.approx({"loss": 7e-10, "invariance": 7e-10, "redundancy": 0}, rel=1e-4, abs=1e-20)
    assert terms([z, -z])["invariance"] == pytest.approx(4 * 7, rel=1e-4)


def test_collapse_costs_one_a_dimension() -> None:
    assert terms([torch.ones(4, 6)] * 2) == {"loss": 6, "invariance": 6, "redundancy": 0}


def test_the_weight_multiplies_the_redundancy() -> None:
    found = terms([torch.tensor(branch) for branch in sample_embeddings()], redundancy_weight=0.25)
    assert found["loss"] == pytest.approx(found["invariance"] + 0.25 * found["redundancy"], rel=1e-14)


@pytest.mark.parametrize("shape", [(16, 12), (12, 16)])
def test_a_batch_norm_before_the_product_gives_the_same(shape: tuple[int, int]) -> None:
    """As the official code standardises: batch norm without weights, then the D x D matrix."""
    x, y = (torch.tensor(branch) for branch in sample_embeddings(*shape))
    norm = torch.nn.BatchNorm1d(shape[1], affine=False, dtype=torch.float64)
    correlation = norm(x).T @ norm(y) / shape[0]
    on = (correlation.diagonal() - 1).square().sum()
    off = correlation.square().sum() - correlation.diagonal().square().sum()
    assert terms([x, y])["loss"] == pytest.approx((on + 0.005 * off).item(), rel=1e-12)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "0.005"])
def test_a_weight_that_is_none_is_named(value: object) -> None:
    with pytest.raises(ConfigError, match="'redundancy_weight'"):
        read(Objective, {"name": "barlow_twins", "redundancy_weight": value}, "test")


def test_chance_needs_the_width() -> None:
    objective = read(Objective, "barlow_twins", "test")
    assert objective.chance(128, width=8192) == 8192
    with pytest.raises(AssertionError, match="a sum over dimensions"):
        objective.chance(128)
