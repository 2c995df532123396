"""Precision, determinism and random states."""

import math
import os

import pytest
import torch

from harness.distributed.place import Place
from harness.distributed.world import World
from harness.errors import NonFiniteError
from harness.training.determinism import deterministic
from harness.training.engines.ddp import Ddp
from harness.training.finite import refuse_non_finite
from harness.training.optimiser import Adam
from harness.training.precision import Precision, autocast
from harness.training.random_state import gathered, kept, restored, seed_rank
from harness.training.window import Window
from support import ranks

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("precision", "given", "expected"),
    [
        ("fp32", torch.float32, torch.float32),
        ("fp32", torch.float64, torch.float64),
        ("bf16", torch.float32, torch.bfloat16),
    ],
)
def test_precision_of_a_dense_layer(precision: Precision, given: torch.dtype, expected: torch.dtype) -> None:
    layer = torch.nn.Linear(3, 2).to(given)
    with autocast(precision, CPU):
        assert layer(torch.zeros(4, 3, dtype=given)).dtype == expected
    assert layer.weight.dtype == given


def switches(place: Place) -> None:
    deterministic(threads=1)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.allow_tf32
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    twice = torch.tensor([0, 0])
    with pytest.raises(RuntimeError, match="deterministic"):
        torch.zeros(2).put_(twice, torch.ones(2), accumulate=False)


def test_determinism_is_on_in_a_process_that_asks() -> None:
    (outcome,) = ranks.launch(switches, 1)
    assert not outcome.failed, str(outcome)


def test_kept_keeps() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with kept(CPU):
        torch.rand(5)
    assert torch.equal(torch.rand(2), expected)


def states(world: World) -> tuple[list[float], list[float], bool]:
    seed_rank(0, 0, world)
    state = gathered(world)
    drawn = torch.rand(2).tolist()
    assert restored(state, world)
    return drawn, torch.rand(2).tolist(), restored(state[:1], world)


def test_every_rank_has_its_own_state_and_gets_it_back() -> None:
    found = ranks.run(states, 2)
    assert all(drawn == again for drawn, again, _ in found)
    assert found[0][0] != found[1][0]
    assert [other for _, _, other in found] == [False, False]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("part", ["w", "exp_avg_sq of w", "seen"])
def test_what_is_not_finite_is_named(part: str, value: float) -> None:
    module = torch.nn.Module()
    module.register_parameter("w", torch.nn.Parameter(torch.ones(3)))
    module.register_buffer("seen", torch.zeros(2))
    running = Ddp().build(module, Adam().build, World(0, 1, CPU), "fp32")
    running.backward(module.w.sum())
    running.step(0.1)
    refuse_non_finite(running.tensors(), 4)
    moments = running.optimiser.state[module.w]
    tensors = {"w": module.w.data, "seen": module.seen, "exp_avg_sq of w": moments["exp_avg_sq"]}
    tensors[part][1] = value
    with pytest.raises(NonFiniteError, match=f"after step 4 {part} is not finite"):
        refuse_non_finite(running.tensors(), 4)


def test_a_window_is_a_mean_and_then_empty() -> None:
    window = Window()
    for value in (1.0, 2.0, 6.0):
        window.add({"loss": torch.tensor(value), "half": torch.tensor(value / 2, requires_grad=True)})
    assert window.read(3, 10) == {"loss": 3, "half": 1.5}
    window.add({"loss": torch.tensor(5.0), "half": torch.tensor(1.0)})
    assert window.read(4, 10) == {"loss": 5, "half": 1}
