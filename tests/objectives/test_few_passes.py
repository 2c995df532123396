"""The forms that go over the embeddings in blocks, against the plain ones that autograd goes back through."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.objectives.loss import barlow_twins, correlation, cross_gram, gram, passes, spread, vicreg
from harness.objectives.loss.distance import distance

OWN = [slice(0, 12), slice(0, 3), slice(8, 12)]
Found = tuple[list[Tensor], list[Tensor]]


@pytest.fixture(autouse=True)
def _many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 columns or eight rows, so that small matrices have many, and a last one that is smaller."""
    monkeypatch.setattr(passes, "BLOCK", 1)


def pair(dtype: torch.dtype, dominant: float = 1.0, width: int = 200) -> list[Tensor]:
    generator = np.random.default_rng(0)
    common, *own = generator.normal(size=(3, 12, width))
    common[:, 3] *= dominant
    return [torch.tensor(common + each + 2, dtype=dtype, requires_grad=True) for each in own]


def through(outputs: tuple[Tensor, ...], inputs: list[Tensor]) -> Found:
    """The outputs, and the gradient of a sum of them in which each number has a weight of its own."""
    weighted = [(each * torch.linspace(0.5, 2, each.numel(), dtype=each.dtype)).sum() for each in outputs]
    return [each.detach() for each in outputs], list(torch.autograd.grad(torch.stack(weighted).sum(), inputs))


def plain_spread(z: Tensor, own: slice) -> tuple[Tensor, Tensor]:
    centred = vicreg.centred(z)
    return centred.square().sum(0), gram.gram_energy(centred, own, z.dtype)


def plain_correlation(x: Tensor, y: Tensor, own: slice, dtype: torch.dtype | None = None) -> tuple[Tensor, Tensor]:
    a, b = (barlow_twins.standardised(z) for z in (x, y))
    return (a * b).sum(0), cross_gram.cross_gram_energy(a, b, own, dtype or x.dtype)


def in_blocks(x: Tensor, y: Tensor, own: slice) -> tuple[Tensor, Tensor]:
    return correlation.correlation(x, y, own, barlow_twins.VARIANCE_FLOOR)


def assert_close(found: Found, expected: Found, tolerance: float) -> None:
    for got, want in zip([*found[0], *found[1]], [*expected[0], *expected[1]], strict=True):
        assert got.dtype is want.dtype
        assert (got - want).norm() <= tolerance * want.norm()


@pytest.mark.parametrize("number", [1, 7, 64, 65, 200])
def test_blocks_make_up_the_whole(number: int) -> None:
    rows = slice(3, 3 + number)
    for blocks, whole in ((passes.column_blocks(12, number), slice(0, number)), (passes.row_blocks(rows, 40), rows)):
        assert [place for each in blocks for place in range(each.start, each.stop)] == [*range(whole.start, whole.stop)]
        assert len(blocks) > 1 or number <= 64


def test_blocks_are_as_large_as_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "BLOCK", 1 << 16)
    assert passes.column_blocks(128, 8192)[0] == slice(0, 512)
    assert passes.row_blocks(slice(0, 128), 1024)[0] == slice(0, 64)


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("dominant", [1.0, 1e3])
def test_spread_is_the_plain_form_to_the_last_bit(own: slice, dominant: float) -> None:
    """With one dimension that outweighs the others, too, where the products are made again in float64."""
    for z in pair(torch.float32, dominant):
        found, expected = (through(form(z, own), [z]) for form in (spread.spread, plain_spread))
        assert torch.equal(found[0][0], expected[0][0])
        assert torch.equal(found[0][1].float(), expected[0][1].float())
        assert torch.equal(found[1][0], expected[1][0])


@pytest.mark.parametrize("own", OWN)
def test_spread_in_float64(own: slice) -> None:
    for z in pair(torch.float64):
        assert_close(through(spread.spread(z, own), [z]), through(plain_spread(z, own), [z]), 1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("own", OWN)
def test_correlation_is_the_plain_form(own: slice, dtype: torch.dtype) -> None:
    both = pair(dtype)
    tolerance = 1e-6 if dtype is torch.float32 else 1e-14
    assert_close(through(in_blocks(*both, own), both), through(plain_correlation(*both, own), both), tolerance)


def without_redundancy() -> list[Tensor]:
    """Branches of which each dimension is alive in one only, and whose cross-correlation is next to nothing."""
    basis = np.linalg.qr(np.concatenate([np.ones((12, 1)), np.random.default_rng(0).normal(size=(12, 11))], 1))[0]
    x, y = np.zeros((2, 12, 40))
    x[:, :20] = basis[:, 1:6] @ np.random.default_rng(1).normal(size=(5, 20))
    y[:, 20:] = basis[:, 6:] @ np.random.default_rng(2).normal(size=(6, 20)) + 1e-4 * x[:, :20]
    return [torch.tensor(z, dtype=torch.float32, requires_grad=True) for z in (x, y)]


@pytest.mark.parametrize("case", ["spread", "correlation"])
def test_what_cancels_is_made_again_in_float64(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value and the gradient; without the fall-back they are off by a hundred times as much and more."""
    own = slice(0, 12)
    module, form, exact, inputs = _case(case, own)
    expected = through(exact(), inputs)
    errors = []
    for trusted in (gram.TRUSTED_SHARE, -torch.inf):
        monkeypatch.setattr(module, "TRUSTED_SHARE", trusted)
        (_, value), gradient = through(form(), inputs)
        off = [(value / expected[0][1] - 1).abs()]
        off += [((got - want).norm() / want.norm()).double() for got, want in zip(gradient, expected[1], strict=True)]
        errors.append(torch.stack(off).max().item())
    assert errors[0] < 1e-6
    assert errors[1] > 100 * errors[0]


def _case(
    case: str, own: slice
) -> tuple[ModuleType, Callable[[], tuple[Tensor, ...]], Callable[[], tuple[Tensor, ...]], list[Tensor]]:
    if case == "spread":
        (z, _) = pair(torch.float32, 1e4)
        exact = lambda: (vicreg.centred(z).square().sum(0), gram.direct_energy(vicreg.centred(z), torch.float64))  # noqa: E731
        return spread, lambda: spread.spread(z, own), exact, [z]
    both = without_redundancy()
    return correlation, lambda: in_blocks(*both, own), lambda: plain_correlation(*both, own, torch.float64), both


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_distance_is_the_mean_of_the_squared_differences(dtype: torch.dtype) -> None:
    both = pair(dtype)
    found = through((distance(*both),), both)
    expected = through(((both[0] - both[1]).square().mean(dtype=torch.float64),), both)
    assert_close(found, expected, 1e-15)
    assert all(torch.equal(got, want) for got, want in zip(found[1], expected[1], strict=True))


def test_embeddings_that_are_not_contiguous_are_the_same_embeddings() -> None:
    both = [z.detach() for z in pair(torch.float32)]
    strided = [z.T.contiguous().T.requires_grad_() for z in both]
    plain = [z.clone().requires_grad_() for z in both]
    for form in (
        lambda x, y: spread.spread(x, OWN[1]),
        lambda x, y: in_blocks(x, y, OWN[1]),
        lambda x, y: (distance(x, y),),
    ):
        found, expected = (
            torch.autograd.grad(form(*each)[-1], each, allow_unused=True, materialize_grads=True)
            for each in (strided, plain)
        )
        for got, want in zip(found, expected, strict=True):
            assert (got - want).norm() <= 1e-6 * want.norm()


def test_they_are_taken_on_a_cpu_where_they_are_cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vicreg, "spread", lambda *_: "in blocks")
    monkeypatch.setattr(barlow_twins, "correlation", lambda *_: "in blocks")
    for shape, device, taken in (((4, 5), "cpu", True), ((5, 5), "cpu", False), ((4, 5), "meta", False)):
        z = torch.zeros(shape, device=device)
        assert (vicreg.statistics(z, OWN[1]) == "in blocks") is taken
        assert (barlow_twins.statistics(z, z, OWN[1]) == "in blocks") is taken
