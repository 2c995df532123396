"""Weights follow from seed, role and index, and from nothing else."""

import torch
from torch import nn

from harness.models.encoders.timm import Timm
from harness.models.expander import Expander
from harness.models.initialisation import derived_seed, initialised


def flat(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def encoder(seed: int, index: int) -> torch.Tensor:
    return flat(initialised(lambda: Timm(model="test_resnet").build(3), seed, "encoder", index))


def test_the_same_whatever_else_is_built() -> None:
    first = encoder(3, 0)
    initialised(lambda: Expander(width=8).build(4), 3, "expander", 0)
    torch.rand(7)
    assert torch.equal(encoder(3, 0), first)


def test_seed_role_and_index_all_count() -> None:
    drawn = [encoder(3, 0), encoder(4, 0), encoder(3, 1)]
    assert not any(torch.equal(drawn[a], drawn[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert derived_seed(3, "encoder", 0) != derived_seed(3, "expander", 0)


def test_the_global_random_state_is_untouched() -> None:
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    encoder(0, 0)
    assert torch.equal(torch.rand(4), expected)


def test_derived_seeds_do_not_change() -> None:
    """A golden value: with another, every run would start from other weights under its old id."""
    assert derived_seed(0, "encoder", 0) == 7940456901170463251
