"""The collectives' values and gradients over real ranks; identities without a group."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness.distributed import collectives
from harness.distributed.world import World
from support import ranks


def rows_of(rank: int) -> Tensor:
    return torch.tensor([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=torch.float64) * (rank + 1)


def factors(rank: int, num_rows: int) -> Tensor:
    """What a rank's loss multiplies the gathered rows by: different on every rank."""
    return torch.sin(torch.arange(num_rows * 3, dtype=torch.float64) + rank).view(num_rows, 3)


def gathered_and_gradient(world: World) -> tuple[Tensor, Tensor]:
    x = rows_of(world.rank).requires_grad_()
    gathered = collectives.gather_rows(x)
    (factors(world.rank, len(gathered)) * gathered.square()).sum().backward()
    assert x.grad is not None
    return gathered.detach(), x.grad


def summed_and_gradient(world: World) -> tuple[Tensor, Tensor]:
    x = rows_of(world.rank).requires_grad_()
    total = collectives.sum_over_ranks(x)
    (factors(world.rank, 2) * total.square()).sum().backward()
    assert x.grad is not None
    return total.detach(), x.grad


def odds_and_ends(world: World) -> dict[str, object]:
    half = torch.tensor([256.0 if world.rank == 0 else 1.0], dtype=torch.bfloat16, requires_grad=True)
    (collectives.gather_rows(half) * half.detach()).sum().backward()
    x = rows_of(world.rank).requires_grad_()
    gradient = torch.autograd.grad(collectives.gather_rows(x).square().sum(), x, create_graph=True)[0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()
    strided = rows_of(world.rank).T
    return {
        "size": collectives.world_size(),
        "rank": collectives.rank(),
        "any of none": collectives.any_over_ranks(False),
        "any of the last": collectives.any_over_ranks(world.rank == world.size - 1),
        "mean": collectives.mean_over_ranks(torch.tensor(float(world.rank), requires_grad=True)),
        "half sum": collectives.sum_over_ranks(half.detach()),
        "half gradient": half.grad,
        "integers": collectives.gather_rows(torch.tensor([world.rank])),
        "strided": torch.equal(collectives.gather_rows(strided)[:3], rows_of(0).T),
        "own rows": collectives.own_rows(2 * world.size),
        "vectors": collectives.all_ranks(torch.tensor([world.rank, 7])),
    }


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_gather_rows(world_size: int) -> None:
    """The gradient is the sum over ranks r of what r's loss gives to these rows."""
    everything = torch.cat([rows_of(rank) for rank in range(world_size)])
    total = sum(2 * factors(rank, len(everything)) * everything for rank in range(world_size))
    for rank, (gathered, gradient) in enumerate(ranks.run(gathered_and_gradient, world_size)):
        assert torch.equal(gathered, everything)
        torch.testing.assert_close(gradient, total[2 * rank : 2 * rank + 2], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_sum_over_ranks(world_size: int) -> None:
    everything = sum(rows_of(rank) for rank in range(world_size))
    expected = sum(2 * factors(rank, 2) * everything for rank in range(world_size))
    for total, gradient in ranks.run(summed_and_gradient, world_size):
        torch.testing.assert_close(total, everything, rtol=1e-14, atol=1e-14)
        torch.testing.assert_close(gradient, expected, rtol=1e-14, atol=1e-14)


def test_the_rest_over_four_ranks() -> None:
    for rank, found in enumerate(ranks.run(odds_and_ends, 4)):
        assert (found["size"], found["rank"], found["strided"]) == (4, rank, True)
        assert (found["any of none"], found["any of the last"]) == (False, True)
        assert found["mean"] == 1.5
        assert not found["mean"].requires_grad
        # 256 + 1 is 256 in bf16, so adding three ones there would change nothing.
        assert found["half sum"] == torch.tensor([259.0]).bfloat16() != 256
        assert found["half gradient"] == torch.tensor([259.0]).bfloat16()
        assert found["integers"].tolist() == [0, 1, 2, 3]
        assert found["own rows"] == slice(2 * rank, 2 * rank + 2)
        assert found["vectors"].tolist() == [[0, 7], [1, 7], [2, 7], [3, 7]]


def test_identities_without_a_group() -> None:
    x = rows_of(0).requires_grad_()
    assert collectives.gather_rows(x) is x
    assert collectives.sum_over_ranks(x) is x
    assert torch.equal(collectives.mean_over_ranks(x), x)
    assert not collectives.mean_over_ranks(x).requires_grad
    assert (collectives.world_size(), collectives.rank()) == (1, 0)
    assert (collectives.any_over_ranks(True), collectives.any_over_ranks(False)) == (True, False)
    assert collectives.own_rows(6) == slice(0, 6)
    assert collectives.all_ranks(torch.tensor([1.0, 2.0])).tolist() == [[1.0, 2.0]]
