"""VSE++ alone: its margin, its ends, and that the hardest negative is sought among all."""

from __future__ import annotations

import pytest
import torch

from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.oracles import sample_embeddings


def loss(embeddings: list[torch.Tensor], **settings: float) -> float:
    return read(Objective, {"name": "vse++", **settings}, "test").build()(embeddings)["loss"].item()


def test_equal_embeddings_lack_the_margin_both_ways() -> None:
    rows = torch.ones(6, 4, dtype=torch.float64)
    assert loss([rows, rows]) == pytest.approx(0.4, rel=1e-14)
    assert loss([rows, rows], margin=0.7) == pytest.approx(1.4, rel=1e-14)


def test_pairs_that_are_apart_by_more_than_the_margin_cost_nothing() -> None:
    rows = torch.eye(5, dtype=torch.float64)
    assert loss([rows, 3 * rows]) == 0
    assert loss([rows, 3 * rows], margin=1.25) == pytest.approx(2 * 0.25, rel=1e-14)


def test_only_the_hardest_negative_counts() -> None:
    """A second embedding at cosine 0.9 of the first: it is the hardest of the first's, the rest are at 0."""
    x = torch.eye(5, dtype=torch.float64)
    y = x.clone()
    y[1] = torch.tensor([0.9, 0.19**0.5, 0, 0, 0], dtype=torch.float64)
    first_row, second_row = 0.2 + 0.9 - 1, 0.0
    second_column = 0.2 + 0.9 - 0.19**0.5
    assert loss([x, y]) == pytest.approx((first_row + second_row + second_column) / 5, rel=1e-13)


def test_negatives_that_tie_share_the_gradient() -> None:
    rows = [torch.ones(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    terms = read(Objective, "vse++", "test").build()(rows)
    gradients = torch.autograd.grad(terms["loss"], rows)
    for gradient in gradients:
        torch.testing.assert_close(gradient, gradient[:1].expand_as(gradient))


@pytest.mark.parametrize("value", [0.0, -0.2, float("nan"), float("inf")])
def test_a_margin_that_is_none_is_named(value: float) -> None:
    with pytest.raises(ConfigError, match="'margin'"):
        read(Objective, {"name": "vse++", "margin": value}, "test")


def test_the_margin_decides_how_many_pairs_count() -> None:
    branches = [torch.tensor(branch) for branch in sample_embeddings(16, 32)]
    losses = [loss(branches, margin=margin) for margin in (0.1, 0.2, 0.4)]
    assert losses == sorted(losses)
    assert losses[0] > 0
