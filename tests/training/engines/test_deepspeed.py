"""DeepSpeed: what it cannot do is said, and what it does to a process stays within bounds."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.distributed.place import Place
from harness.distributed.world import World, joined
from harness.errors import ConfigError, MissingDependencyError
from harness.training.engines.ddp import Ddp
from harness.training.engines.deepspeed import DeepSpeed
from harness.training.engines.running import Running
from harness.training.engines.running.shards import Shards
from harness.training.optimiser import Adam
from support import ranks

STAGES = (1, 2)


def test_a_machine_without_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepspeed", None)
    with pytest.raises(MissingDependencyError) as caught:
        DeepSpeed().build(nn.Linear(2, 2), Adam().build, World(0, 2, torch.device("cpu")), "fp32")
    assert str(caught.value).startswith("the engine deepspeed needs the package deepspeed: ")
    assert "mend: install it with pip install 'harness[deepspeed]', or choose the engine ddp" in str(caught.value)


class Clipping(torch.optim.Adam):
    """An optimiser that looks at whole tensors."""


def test_an_optimiser_of_whole_tensors_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Shards(nn.Linear(2, 2), Clipping, World(0, 2, torch.device("cpu")), "fp32", 1)
    assert str(caught.value).startswith("the engine deepspeed cannot share out the optimiser Clipping")
    assert "legal: Adam, AdamW" in str(caught.value)


class Few(nn.Module):
    """Fewer numbers than ranks' shares have places, in two tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
        self.b = nn.Parameter(torch.tensor(4.0))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return (self.w * x).sum() + self.b.square()


def trained(running: Running, world: World, steps: range) -> Running:
    for step in steps:
        x = torch.tensor([1.0, -2.0, 0.5]) * (step + 1) * 2 * (world.rank + 1) / (world.size + 1)
        running.backward(running.model(x))
        mean = torch.tensor([1.0, -2.0, 0.5]) * (step + 1)
        bias = 2 * running.module.b.detach()
        assert running.gradient_norm().item() == pytest.approx(torch.cat([mean, bias[None]]).norm().item(), rel=1e-6)
        running.step(0.1)
    return running


def with_padding(world: World) -> list[tuple[list[str], dict[str, Any], dict[str, Any]]]:
    """Five steps with shares, and again from what two steps left."""
    found = []
    for stage in STAGES:
        straight = trained(DeepSpeed(zero_stage=stage).build(Few(), Adam().build, world, "fp32"), world, range(5))
        assert isinstance(straight, Shards)
        (piece,) = straight.optimiser.param_groups[0]["params"]
        assert piece.numel() == 2
        half = trained(DeepSpeed(zero_stage=stage).build(Few(), Adam().build, world, "fp32"), world, range(2)).state()
        again = DeepSpeed(zero_stage=stage).build(Few(), Adam().build, world, "fp32")
        with pytest.raises(ValueError, match="its optimiser has a state for 1 parameters"):
            again.restore({**half, "optimiser": {"state": {0: half["optimiser"]["state"][0]}}})
        again.restore(half)
        trained(again, world, range(2, 5))
        names = [name for name, _ in straight.tensors()]
        found.append((names, plain(straight.state()), plain(again.state())))
    return found


def plain(state: Any) -> Any:
    """A state that can be compared and sent."""
    if isinstance(state, Tensor):
        return state.tolist()
    return {key: plain(value) for key, value in state.items()} if isinstance(state, dict) else state


def alone(world: World) -> dict[str, Any]:
    return plain(trained(Ddp().build(Few(), Adam().build, world, "fp32"), world, range(5)).state())


@pytest.mark.deepspeed
@pytest.mark.parametrize("world_size", [2, 3])
def test_shares_put_together_are_torchs_own_state(world_size: int) -> None:
    """With three ranks the last one has padding alone."""
    expected = alone(World(0, 1, torch.device("cpu")))
    for found in ranks.run(with_padding, world_size):
        for names, straight, again in found:
            assert names == [
                *("w", "b", "seen", "step of w", "exp_avg of w", "exp_avg_sq of w"),
                *("step of b", "exp_avg of b", "exp_avg_sq of b"),
            ]
            assert again == straight
            assert straight["model"] == {key: pytest.approx(value) for key, value in expected["model"].items()}
            assert straight["optimiser"]["state"].keys() == expected["optimiser"]["state"].keys()
            for index, values in expected["optimiser"]["state"].items():
                assert straight["optimiser"]["state"][index] == {k: pytest.approx(v) for k, v in values.items()}
            (group,), (torchs,) = straight["optimiser"]["param_groups"], expected["optimiser"]["param_groups"]
            assert group == torchs


def one_group_after_another(place: Place, folder: Path) -> dict[str, str]:
    """A worker's life: the process group that DeepSpeed met is gone when the next run begins."""
    for stream in (1, 2):
        os.dup2(os.open(folder / f"said-{place.global_rank}", os.O_CREAT | os.O_APPEND | os.O_WRONLY), stream)
    before = dict(os.environ)
    values = []
    for number in range(2):
        with joined(place, folder / f"rendezvous-{number}", 20, "cpu") as world:
            values.append(
                plain(trained(DeepSpeed().build(Few(), Adam().build, world, "fp32"), world, range(2)).state())
            )
    assert values[0] == values[1]
    assert "mlflow" not in sys.modules  # it takes nearly two seconds, and what wants it is not used
    return {key: value for key, value in os.environ.items() if before.get(key) != value}


@pytest.mark.deepspeed
def test_a_process_can_train_twice_and_hears_nothing_of_it(tmp_path: Path) -> None:
    outcomes = ranks.launch(one_group_after_another, 2, tmp_path)
    assert not any(outcome.failed for outcome in outcomes), "\n".join(map(str, outcomes))
    for outcome in outcomes:
        assert outcome.value.keys() <= {"DS_ACCELERATOR", "PYTORCH_NVML_BASED_CUDA_CHECK"}
    assert [(tmp_path / f"said-{rank}").read_text() for rank in range(2)] == ["", ""]
