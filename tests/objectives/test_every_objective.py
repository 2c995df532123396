"""What holds of every objective in the catalogue: its values, gradients, invariances and precision."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.config.plain import to_plain
from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.labelled import sample_branches, sample_labels, terms_of
from support.oracles import CHANGES, Oracle, change

NAMES = sorted(Objective.catalogue())
PAIRED = [name for name in NAMES if not Objective.catalogue()[name].needs_labels]
SHAPES = [(8, 6), (5, 9)]  # more rows than dimensions, and fewer


def built(name: str) -> nn.Module:
    """The module, with what it learns, if anything, in float64."""
    return read(Objective, name, "test").build().double()


def sample(name: str, *shape: int) -> list[np.ndarray]:
    return sample_branches(read(Objective, name, "test"), *shape)


def tensors(branches: list[np.ndarray], dtype: torch.dtype = torch.float64) -> list[Tensor]:
    return [torch.tensor(branch, dtype=dtype, requires_grad=True) for branch in branches]


def evaluate(name: str, embeddings: list[Tensor]) -> tuple[dict[str, float], list[Tensor]]:
    """The terms and the gradient of the loss for each branch."""
    terms = terms_of(built(name), embeddings)
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
    terms, gradients = evaluate(name, tensors(sample(name)))
    assert terms == pytest.approx(oracle.terms, rel=1e-11)
    assert [gradient.norm().item() for gradient in gradients] == pytest.approx(oracle.gradient_norms, rel=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_terms_equal_the_loop(name: str, shape: tuple[int, int], oracles: dict[str, Oracle]) -> None:
    branches = [3 * branch for branch in sample(name, *shape)]
    terms, _ = evaluate(name, tensors(branches))
    assert terms == pytest.approx(oracles[name].loop([branch.tolist() for branch in branches]), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_equals_the_loops_central_differences(name: str, oracles: dict[str, Oracle]) -> None:
    branches, step = sample(name, 4, 5), 1e-5
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
    """By the embeddings, and by what the objective itself learns."""
    module, embeddings = built(name), tensors(sample(name, *shape))
    learnt = [parameter.detach().add(0.3).requires_grad_() for parameter in module.parameters()]
    names = [key for key, _ in module.named_parameters()]

    def terms(*inputs: Tensor) -> tuple[Tensor, ...]:
        own = dict(zip(names, inputs[len(embeddings) :], strict=True))
        return tuple(terms_of(module, inputs[: len(embeddings)], own).values())

    assert torch.autograd.gradcheck(terms, [*embeddings, *learnt])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_learnt_has_the_loops_derivative(name: str, oracles: dict[str, Oracle]) -> None:
    """At the closed-form inputs, and away from the start by central differences."""
    module, branches, step = built(name), sample(name), 1e-5
    assert set(oracles[name].parameters) == {key for key, _ in module.named_parameters()}
    rows = [branch.tolist() for branch in branches]
    for key, parameter in module.named_parameters():
        for start in (0.0, 0.3):
            parameter.data.fill_(start)
            (gradient,) = torch.autograd.grad(terms_of(module, tensors(branches))["loss"], parameter)
            after, before = (oracles[name].loop(rows, **{key: start + way * step})["loss"] for way in (1, -1))
            assert gradient.item() == pytest.approx((after - before) / (2 * step), rel=1e-7)
            if start == 0:
                assert gradient.item() == pytest.approx(oracles[name].parameters[key], rel=1e-11)


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("name", NAMES)
def test_invariances(name: str, what: str, oracles: dict[str, Oracle]) -> None:
    module, branches = built(name), sample(name)
    before, after = terms_of(module, tensors(branches)), _changed(module, what, branches)
    before, after = before["loss"].item(), after["loss"].item()
    if what in oracles[name].ignores:
        assert after == pytest.approx(before, rel=1e-12)
    else:
        assert abs(after - before) > 1e-3, "the loss does not see it: list it under `ignores`"


@pytest.mark.parametrize("rows", ["all zero", "all equal", "one zero", "tiny", "huge"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_finite_at_collapse(name: str, shape: tuple[int, int], rows: str) -> None:
    branches = sample(name, *shape)
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
    branches = sample(name, *shape)
    plain = evaluate(name, tensors(branches, torch.float32))
    embeddings = tensors(branches, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        terms = terms_of(built(name), embeddings)
    gradients = torch.autograd.grad(terms["loss"], embeddings)
    assert {key: value.item() for key, value in terms.items()} == plain[0]
    assert all(torch.equal(*pair) for pair in zip(gradients, plain[1], strict=True))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_embeddings_are_widened_first(name: str, dtype: torch.dtype) -> None:
    halves = tensors(sample(name, 16, 64), dtype)
    terms, gradients = evaluate(name, halves)
    wide_terms, wide_gradients = evaluate(name, [half.detach().float().requires_grad_() for half in halves])
    assert terms == wide_terms
    assert all(torch.equal(got, want.to(dtype)) for got, want in zip(gradients, wide_gradients, strict=True))


@pytest.mark.parametrize("shape", [(64, 16), (32, 512)])
@pytest.mark.parametrize("name", NAMES)
def test_float32_is_near_float64(name: str, shape: tuple[int, int]) -> None:
    branches = sample(name, *shape)
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
    embeddings = [torch.empty(shape, device="meta", requires_grad=True) for _ in sample(name)]
    terms = terms_of(built(name).to("meta"), embeddings)
    torch.autograd.grad(terms["loss"], embeddings)
    with pytest.raises((RuntimeError, NotImplementedError)):
        terms["loss"].item()


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_number_of_branches_is_named(name: str) -> None:
    config = read(Objective, name, "test")
    fewest, most, rows = config.fewest_branches, config.most_branches, torch.zeros(4, 3)
    labels = [torch.zeros(4, dtype=torch.int64)] * config.needs_labels
    for wrong in {fewest - 1, fewest if most is None else most + 1} - {fewest}:
        said = f"'{re.escape(name)}' is not defined for {wrong} branch(es)?\n  legal: {fewest}"
        with pytest.raises(ConfigError, match=said):
            config.build()([rows] * wrong, *labels)


@pytest.mark.parametrize("name", PAIRED)
def test_a_single_branch_is_too_few_for_a_pair(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{re.escape(name)}' is not defined for 1 branch\n  legal: 2"):
        read(Objective, name, "test").build()([torch.zeros(4, 3)])


def test_what_needs_labels_is_refused_without() -> None:
    """As a pre-training asks: it has branches, and no labels."""
    for name in set(NAMES) - set(PAIRED):
        with pytest.raises(ConfigError, match=f"^objective '{name}' needs labels\n") as caught:
            read(Objective, name, "test").check_branches(2)
        assert caught.value.legal == ", ".join(PAIRED)
        assert "stage: supervise" in str(caught.value)
        read(Objective, name, "test").check_branches(1, labelled=True)


@pytest.mark.parametrize("name", PAIRED)
def test_a_single_sample_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{re.escape(name)}' got a global batch of 1\n  legal: 2 samples or more"):
        read(Objective, name, "test").build()([torch.zeros(1, 3)] * 2)


@pytest.mark.parametrize("name", PAIRED)
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
        losses = torch.stack([module([x, y.roll(shift, 0)])["loss"] for shift in range(number)])
        means.append(losses.mean().item())
    assert min(means) > 0.995 * chance
    assert min(means) < 1.05 * chance


def _changed(module: nn.Module, what: str, branches: list[np.ndarray]) -> dict[str, Tensor]:
    """The terms after a change; where samples change places, their labels go with them."""
    changed = tensors(change(what, branches))
    if not module.config.needs_labels or what != "order of samples":
        return terms_of(module, changed)
    (labels,) = change(what, [np.array(sample_labels(*branches[0].shape))[:, None]])
    return module(changed, torch.tensor(labels[:, 0]))
