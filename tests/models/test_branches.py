"""The joint-embedding container: sharing, statistics a branch, the online head's wall."""

import copy

import pytest
import torch
from torch import Tensor, nn

from harness.models.branches import BranchModel
from harness.models.encoders.small_conv import SmallConv
from harness.models.expander import Expander
from harness.models.initialisation import initialised


def model(branches: list[tuple[int, int]], online: bool = False) -> BranchModel:
    encoders = [
        initialised(lambda: SmallConv(widths=(4, 6)).build(3), 0, "encoder", i) for i in {e for e, _ in branches}
    ]
    expanders = [initialised(lambda: Expander(width=5).build(6), 0, "expander", i) for i in {x for _, x in branches}]
    return BranchModel(encoders, expanders, branches, nn.Linear(6, 2) if online else None).double()


def images(seed: int) -> Tensor:
    return torch.randn(8, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_each_branch_runs_its_own_encoder_and_expander() -> None:
    three = model([(0, 0), (1, 1), (1, 0)], online=True)
    output = three([images(0), images(1), images(2)])
    assert [tuple(h.shape) for h in output.representations] == [(8, 6)] * 3
    assert [tuple(z.shape) for z in output.embeddings] == [(8, 5)] * 3
    assert output.online_logits is not None
    assert output.online_logits.shape == (8, 2)
    for (encoder, expander), x, z in zip(
        three.branches, (images(0), images(1), images(2)), output.embeddings, strict=True
    ):
        torch.testing.assert_close(z, three.expanders[expander](three.encoders[encoder](x)))
    assert model([(0, 0), (1, 1)])([images(0), images(1)]).online_logits is None


def test_a_shared_encoder_normalises_each_branch_by_itself() -> None:
    shared = model([(0, 0), (0, 0)])
    with_one = shared([images(0), images(1)]).embeddings[0]
    with_other = shared([images(0), 9 * images(2)]).embeddings[0]
    torch.testing.assert_close(with_one, with_other, rtol=0, atol=0)


def test_a_shared_encoders_running_statistics_see_both_branches() -> None:
    shared = model([(0, 0), (0, 0)])
    norm = shared.encoders[0].backbone.stages[0][1]
    convolution = shared.encoders[0].backbone.stages[0][0]
    shared([images(0), images(1)])
    means = [convolution(x).mean((0, 2, 3)) for x in (images(0), images(1))]
    torch.testing.assert_close(norm.running_mean, 0.9 * 0.1 * means[0] + 0.1 * means[1])


def test_a_shared_encoders_gradient_is_the_sum_of_its_branches() -> None:
    shared = model([(0, 0), (0, 0)])
    apart = [copy.deepcopy(shared), copy.deepcopy(shared)]
    inputs = [images(0), images(1)]
    sum(z.square().sum() for z in shared(inputs).embeddings).backward()
    for index, one in enumerate(apart):
        one(inputs).embeddings[index].square().sum().backward()
    for name, parameter in shared.named_parameters():
        parts = [dict(one.named_parameters())[name].grad for one in apart]
        torch.testing.assert_close(parameter.grad, parts[0] + parts[1], msg=name)


def test_the_online_heads_gradient_stops_at_the_representation() -> None:
    both = model([(0, 0), (1, 1)], online=True)
    output = both([images(0), images(1)])
    output.online_logits.square().sum().backward()
    assert both.online.weight.grad.abs().sum() > 0
    assert all(p.grad is None for name, p in both.named_parameters() if not name.startswith("online"))
    torch.testing.assert_close(output.online_logits, both.online(output.representations[0]))


@pytest.mark.parametrize("branches", [[(0, 0)], [(0, 0), (0, 0), (2, 0)]])
def test_what_cannot_be_trained_is_refused(branches: list[tuple[int, int]]) -> None:
    with pytest.raises(AssertionError):
        model(branches)


def test_an_expander_of_another_width_is_refused() -> None:
    encoder = SmallConv(widths=(4, 6)).build(3)
    with pytest.raises(AssertionError, match="width 6 before an expander of 7"):
        BranchModel([encoder], [Expander(width=5).build(7)], [(0, 0), (0, 0)])


def test_as_many_inputs_as_branches() -> None:
    with pytest.raises(ValueError, match="zip"):
        model([(0, 0), (1, 1)])([images(0)])
