"""VICReg alone: its weights, more than two branches, and the Gram form against the D x D one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from harness.objectives.loss import gram
from support.oracles import sample_embeddings, vicreg

WHOLE = slice(0, None)


def centred(num_rows: int, width: int, dominant: float = 1.0) -> Tensor:
    """Rows exact in float32, one dimension `dominant` times as large as the others."""
    generator = np.random.default_rng(0)
    z = generator.normal(size=(num_rows, width)) @ (np.eye(width) + 0.1 * generator.normal(size=(width, width)))
    z[:, 3] *= dominant
    # Integers of a common grid have an exact mean of zero: what is lost is then lost in the products.
    z = np.round((z - z.mean(0)) * 1024) / 1024
    z[0] -= z.sum(0)
    return torch.tensor(z.astype(np.float32)).double().requires_grad_()


def energies(z: Tensor, dtype: torch.dtype) -> dict[str, tuple[float, Tensor]]:
    """The off-diagonal energy and its gradient, by the Gram form in `dtype` and from the definition in float64."""
    values = {"gram": gram.gram_energy(z, WHOLE, dtype), "direct": gram.direct_energy(z, torch.float64)}
    return {name: (value.item(), torch.autograd.grad(value, z)[0]) for name, value in values.items()}


def relative_errors(z: Tensor, dtype: torch.dtype) -> tuple[float, float]:
    found = energies(z, dtype)
    (value, gradient), (exact, exact_gradient) = found["gram"], found["direct"]
    return abs(value / exact - 1), ((gradient - exact_gradient).norm() / exact_gradient.norm()).item()


@pytest.mark.parametrize("shape", [(4, 9), (32, 256), (9, 4)])
def test_gram_form_equals_the_direct_one_in_float64(shape: tuple[int, int]) -> None:
    assert relative_errors(centred(*shape), torch.float64) == pytest.approx((0, 0), abs=1e-12)


def test_gram_form_in_float32() -> None:
    value, gradient = relative_errors(centred(32, 256), torch.float32)
    assert value < 1e-6
    assert gradient < 1e-6


@pytest.mark.parametrize("dominant", [30.0, 1e3, 1e5])
def test_one_dominant_dimension_loses_no_digits(dominant: float, monkeypatch: pytest.MonkeyPatch) -> None:
    z = centred(32, 256, dominant)
    value, gradient = relative_errors(z, torch.float32)
    assert value < 1e-5
    assert gradient < 1e-3
    if dominant > 100:
        monkeypatch.setattr(gram, "TRUSTED_SHARE", -torch.inf)
        assert max(relative_errors(z, torch.float32)) > 100 * max(value, gradient), "the fall-back does nothing"


@pytest.mark.parametrize("dominant", [1.0, 1e3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_ranks_shares_have_the_whole_as_their_mean(dtype: torch.dtype, dominant: float) -> None:
    """Each rank decides by its own rows whether to trust float32; the mean is right whatever they decide."""
    z = centred(12, 256, dominant)
    shares = torch.stack([gram.gram_energy(z, slice(start, start + 3), dtype) for start in range(0, 12, 3)])
    tolerance = 1e-10 if dtype is torch.float64 else 1e-6
    torch.testing.assert_close(shares.mean(), gram.direct_energy(z, torch.float64), rtol=tolerance, atol=0)


def test_on_a_device_the_fall_back_ischosen_without_the_host() -> None:
    fast, exact = torch.tensor(1.0, device="meta"), torch.tensor(2.0, device="meta")
    assert gram.chosen(fast > 0, fast, lambda: exact).device.type == "meta"


def test_the_cheaper_form_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gram, "gram_energy", lambda *_: "gram")
    monkeypatch.setattr(gram, "direct_energy", lambda *_: "direct")
    for shape, form in (((4, 5), "gram"), ((5, 5), "direct"), ((6, 5), "direct")):
        assert gram.off_diagonal_energy(torch.zeros(shape), WHOLE, torch.float32) == form


@pytest.mark.parametrize("shape", [(7, 4), (4, 7)])
def test_more_branches_are_the_mean_over_pairs(shape: tuple[int, int]) -> None:
    x, y = sample_embeddings(*shape)
    branches = [x, y, 0.7 * x - 0.4 * y + 0.1 * x**2, x * y]
    terms = read(Objective, "vicreg", "test").build()([torch.tensor(branch) for branch in branches])
    expected = vicreg([branch.tolist() for branch in branches])
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(expected, rel=1e-12)


def test_weights_multiply_the_terms() -> None:
    settings = {"name": "vicreg", "invariance_weight": 2.0, "variance_weight": 3, "covariance_weight": 0.5}
    terms = read(Objective, settings, "test").build()([torch.tensor(branch) for branch in sample_embeddings()])
    expected = 2 * terms["invariance"] + 3 * terms["variance"] + 0.5 * terms["covariance"]
    torch.testing.assert_close(terms["loss"], expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "25"])
def test_a_weight_that_is_none_is_named(value: object) -> None:
    with pytest.raises(ConfigError, match="'variance_weight'"):
        read(Objective, {"name": "vicreg", "variance_weight": value}, "test")
