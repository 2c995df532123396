"""What holds of every objective in the catalogue: its values, gradients, invariances and precision."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.config.plain import to_plain
from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.oracles import CHANGES, Oracle, change, sample_embeddings

NAMES = sorted(Objective.catalogue())
SHAPES = [(8, 6), (5, 9)]  # more rows than dimensions, and fewer


def tensors(branches: list[np.ndarray], dtype: torch.dtype = torch.float64) -> list[Tensor]:
    return [torch.tensor(branch, dtype=dtype, requires_grad=True) for branch in branches]


def evaluate(name: str, embeddings: list[Tensor]) -> tuple[dict[str, float], list[Tensor]]:
    """The terms and the gradient of the loss for each branch."""
    terms = read(Objective, name, "test").build()(embeddings)
    gradients = torch.autograd.grad(terms["loss"], embeddings)
    return {key: value.item() for key, value in terms.items()}, list(gradients)


def test_every_objective_has_an_oracle(oracles: dict[str, Oracle]) -> None:
    missing = set(NAMES) - set(oracles)
    assert not missing, f"no oracle in tests/objectives/conftest.py for {sorted(missing)}"
    assert set(oracles) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_settings_have_a_formula_and_survive_a_round_trip(name: str) -> None:
    config = read(Objective, name, "test")
    assert config.formula
    assert read(Objective, to_plain(config), "test") == config


@pytest.mark.parametrize("name", NAMES)
def test_closed_form_values(name: str, oracles: dict[str, Oracle]) -> None:
    oracle = oracles[name]
    terms, gradients = evaluate(name, tensors(sample_embeddings()))
    assert terms == pytest.approx(oracle.terms, rel=1e-11)
    assert [gradient.norm().item() for gradient in gradients] == pytest.approx(oracle.gradient_norms, rel=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_terms_equal_the_loop(name: str, shape: tuple[int, int], oracles: dict[str, Oracle]) -> None:
    branches = [3 * branch for branch in sample_embeddings(*shape)]
    terms, _ = evaluate(name, tensors(branches))
    assert terms == pytest.approx(oracles[name].loop([branch.tolist() for branch in branches]), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_equals_the_loops_central_differences(name: str, oracles: dict[str, Oracle]) -> None:
    branches, step = sample_embeddings(4, 5), 1e-5
    _, gradients = evaluate(name, tensors(branches))
    for branch, gradient in zip(branches, gradients, strict=True):
        for place in np.ndindex(branch.shape):
            held, losses = branch[place], []
            for value in (held + step, held - step):
                branch[place] = value
                losses.append(oracles[name].loop([each.tolist() for each in branches])["loss"])
            branch[place] = held
            assert gradient[place].item() == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_gradcheck(name: str, shape: tuple[int, int]) -> None:
    module = read(Objective, name, "test").build()
    assert torch.autograd.gradcheck(lambda *each: tuple(module(each).values()), tensors(sample_embeddings(*shape)))


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("name", NAMES)
def test_invariances(name: str, what: str, oracles: dict[str, Oracle]) -> None:
    branches = sample_embeddings()
    before, after = (evaluate(name, tensors(each))[0]["loss"] for each in (branches, change(what, branches)))
    if what in oracles[name].ignores:
        assert after == pytest.approx(before, rel=1e-12)
    else:
        assert abs(after - before) > 1e-3, "the loss does not see it: list it under `ignores`"


@pytest.mark.parametrize("rows", ["all zero", "all equal", "one zero", "tiny", "huge"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_finite_at_collapse(name: str, shape: tuple[int, int], rows: str) -> None:
    branches = sample_embeddings(*shape)
    for branch in branches:
        scale = {"all zero": 0.0, "tiny": 1e-12, "huge": 1e6}.get(rows, 1.0)
        branch *= scale
        branch[0] *= rows != "one zero"
        branch[:] = branch[1] if rows == "all equal" else branch
    terms, gradients = evaluate(name, tensors(branches, torch.float32))
    assert np.isfinite(list(terms.values())).all()
    assert all(gradient.isfinite().all() for gradient in gradients)
    if rows in ("all zero", "all equal", "one zero"):
        assert max(gradient.abs().max().item() for gradient in gradients) < 100


@pytest.mark.parametrize("shape", [(8, 6), (16, 64)])
@pytest.mark.parametrize("name", NAMES)
def test_autocast_changes_no_bit(name: str, shape: tuple[int, int]) -> None:
    branches = sample_embeddings(*shape)
    plain = evaluate(name, tensors(branches, torch.float32))
    embeddings = tensors(branches, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        terms = read(Objective, name, "test").build()(embeddings)
    gradients = torch.autograd.grad(terms["loss"], embeddings)
    assert {key: value.item() for key, value in terms.items()} == plain[0]
    assert all(torch.equal(*pair) for pair in zip(gradients, plain[1], strict=True))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_embeddings_are_widened_first(name: str, dtype: torch.dtype) -> None:
    halves = tensors(sample_embeddings(16, 64), dtype)
    terms, gradients = evaluate(name, halves)
    wide_terms, wide_gradients = evaluate(name, [half.detach().float().requires_grad_() for half in halves])
    assert terms == wide_terms
    assert all(torch.equal(got, want.to(dtype)) for got, want in zip(gradients, wide_gradients, strict=True))


@pytest.mark.parametrize("shape", [(64, 16), (32, 512)])
@pytest.mark.parametrize("name", NAMES)
def test_float32_is_near_float64(name: str, shape: tuple[int, int]) -> None:
    branches = sample_embeddings(*shape)
    (terms, gradients), (exact, exact_gradients) = (
        evaluate(name, tensors(branches, dtype)) for dtype in (torch.float32, torch.float64)
    )
    assert terms == pytest.approx(exact, rel=1e-6)
    for got, want in zip(gradients, exact_gradients, strict=True):
        assert (got.double() - want).norm() < 1e-6 * want.norm()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_read_back_to_the_host(name: str, shape: tuple[int, int]) -> None:
    """Meta tensors hold no values, so that reading one raises: a device would have to be waited for there."""
    embeddings = [torch.empty(shape, device="meta", requires_grad=True) for _ in range(2)]
    terms = read(Objective, name, "test").build()(embeddings)
    torch.autograd.grad(terms["loss"], embeddings)
    with pytest.raises((RuntimeError, NotImplementedError)):
        terms["loss"].item()


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_number_of_branches_is_named(name: str) -> None:
    config = read(Objective, name, "test")
    rows = torch.zeros(4, 3)
    with pytest.raises(ConfigError, match=f"'{re.escape(name)}' is not defined for 1 branch\n  legal: 2"):
        config.build()([rows])
    if config.most_branches is not None:
        wrong = config.most_branches + 1
        with pytest.raises(ConfigError, match=f"'{re.escape(name)}' is not defined for {wrong} branches\n  legal: 2"):
            config.build()([rows] * wrong)


@pytest.mark.parametrize("name", NAMES)
def test_a_single_sample_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{re.escape(name)}' got a global batch of 1\n  legal: 2 samples or more"):
        read(Objective, name, "test").build()([torch.zeros(1, 3)] * 2)


@pytest.mark.parametrize("name", NAMES)
def test_chance_is_the_least_loss_of_embeddings_that_say_nothing_of_the_pairs(name: str) -> None:
    """Independent embeddings of many spreads, near the origin and far: the mean loss comes near chance and not below.

    The mean is over all shifts of the rows of one branch, so that no pairing is better by luck. Far from the
    origin all have the same direction, which is the best of them for a sharp temperature.
    """
    objective = read(Objective, name, "test")
    module, number, width, generator = objective.build(), 64, 8, torch.Generator().manual_seed(0)
    chance = objective.chance(number, width=width)
    means = []
    for spread, distance in itertools.product((0.05, 0.15, 0.25, 0.35, 0.6, 1.0), (0.0, 10.0)):
        x, y = torch.randn(2, number, width, dtype=torch.float64, generator=generator) * spread + distance
        means.append(float(torch.stack([module([x, y.roll(shift, 0)])["loss"] for shift in range(number)]).mean()))
    assert min(means) > 0.995 * chance
    assert min(means) < 1.05 * chance
