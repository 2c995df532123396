"""Global batch norm against the native one on the whole batch, in one process."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from timm.layers import BatchNormAct2d
from timm.layers.split_batchnorm import SplitBatchNorm2d
from torch import Tensor, nn

from harness.distributed import batch_norm
from harness.distributed.batch_norm import GlobalBatchNorm, GlobalBatchNorm1d, GlobalBatchNorm2d, synchronised
from harness.distributed.collectives import mean_over_ranks
from harness.distributed.world import World
from support import ranks

SHARES = ([7], [4, 4], [2, 6], [2, 3, 4])
SHAPES = {"rows": (5,), "sequences": (5, 3), "images": (5, 3, 2), "channels last": (5, 3, 2)}


@dataclass(frozen=True)
class Case:
    """A layer, and how many rows of the global batch each rank holds."""

    layer: nn.Module
    shares: list[int]
    shape: str
    dtype: torch.dtype = torch.float64


@dataclass(frozen=True)
class Pass:
    """What two training steps and one evaluation give, the gradients being those of mean_r L_r."""

    outputs: list[Tensor]
    input_gradient: Tensor
    parameter_gradients: list[Tensor]
    state: dict[str, Tensor]


def batch(case: Case, step: int) -> Tensor:
    """The global batch: channels of different means and spreads, and no two ranks alike."""
    shape = (sum(case.shares), *SHAPES[case.shape])
    steps = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).view(shape)
    channel = torch.arange(5, dtype=torch.float64).view(1, 5, *[1] * (len(shape) - 2))
    x = (channel + 1) * torch.sin(0.7 * steps + step) + 3 * channel - 5 + 0.05 * steps
    return x.contiguous(memory_format=torch.channels_last) if case.shape == "channels last" else x


def passes(world: World, cases: list[Case]) -> list[Pass]:
    return [_passed(world, case) for case in cases]


def _passed(world: World, case: Case) -> Pass:
    layer = copy.deepcopy(case.layer)
    if world.size > 1:
        synchronised(layer)
        assert any(isinstance(each, GlobalBatchNorm) for each in layer.modules())
    outputs = []
    for step in range(2):
        x = _own(batch(case, step), case.shares, world).to(case.dtype).requires_grad_()
        layer.zero_grad()
        outputs.append(layer(x))
        # The mean of the ranks' losses is the whole batch's sum, so that one process has the same loss.
        factors = _own(torch.cos(0.3 * batch(case, step + 7)), case.shares, world)
        (world.size * (factors * outputs[-1].square()).sum()).backward()
    assert x.grad is not None
    assert outputs[0].stride() == x.stride()
    outputs.append(layer.eval()(x))
    gradients = [mean_over_ranks(parameter.grad) for parameter in layer.parameters()]
    return Pass([each.detach() for each in outputs], x.grad / world.size, gradients, dict(layer.state_dict()))


def _own(x: Tensor, shares: list[int], world: World) -> Tensor:
    return x if world.size == 1 else x.split(shares)[world.rank]


def alone(case: Case) -> Pass:
    return _passed(World(0, 1, torch.device("cpu")), case)


def randomised(layer: nn.Module) -> nn.Module:
    """Weights and biases that are not one and zero."""
    with torch.no_grad():
        for number, parameter in enumerate(layer.parameters()):
            parameter.copy_(torch.linspace(-1.5, 2, parameter.numel()).view_as(parameter) + 0.3 * number)
    return layer


def layers(dtype: torch.dtype) -> list[tuple[nn.Module, str]]:
    """Every kind of layer with the shapes it takes."""
    settings: list[dict[str, Any]] = [
        {},
        {"momentum": None, "eps": 1e-3},
        {"affine": False, "momentum": 0.3},
        {"bias": False},
    ]
    one = [(nn.BatchNorm1d(5, dtype=dtype, **each), "rows") for each in settings]
    two = [(nn.BatchNorm2d(5, dtype=dtype), shape) for shape in ("images", "channels last")]
    timm = [(BatchNormAct2d(5, dtype=dtype, act_layer=act, drop_layer=Halve), "images") for act in (nn.ReLU, nn.SiLU)]
    found = [*one, (nn.BatchNorm1d(5, dtype=dtype), "sequences"), *two, *timm]
    return [(randomised(layer), shape) for layer, shape in found]


def untracked() -> Case:
    """A layer without running statistics; in evaluation it takes those of the batch at hand, as the native one."""
    return Case(nn.BatchNorm1d(5, dtype=torch.float64, track_running_stats=False), [2, 6], "rows")


class Halve(nn.Module):
    """Stands for timm's dropout, without chance."""

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x


@pytest.mark.parametrize("shares", SHARES, ids=str)
def test_equals_the_native_one_on_the_whole_batch(shares: list[int]) -> None:
    cases = [Case(layer, shares, shape) for layer, shape in layers(torch.float64)]
    close = {"rtol": 1e-12, "atol": 1e-12}
    of_ranks = ranks.run(passes, len(shares), cases)
    for number, case in enumerate(cases):
        whole = alone(case)
        split = [of_rank[number] for of_rank in of_ranks]
        for step, output in enumerate(whole.outputs):
            torch.testing.assert_close(torch.cat([each.outputs[step] for each in split]), output, **close)
        torch.testing.assert_close(torch.cat([each.input_gradient for each in split]), whole.input_gradient, **close)
        for each in split:
            torch.testing.assert_close(each.parameter_gradients, whole.parameter_gradients, **close)
            torch.testing.assert_close(each.state, whole.state, **close)
            assert all(torch.equal(each.state[key], split[0].state[key]) for key in whole.state), "ranks differ in bits"


def test_without_running_statistics() -> None:
    case = untracked()
    split, whole = [each[0] for each in ranks.run(passes, 2, [case])], alone(case)
    for step in range(2):
        assert torch.cat([each.outputs[step] for each in split]) == pytest.approx(whole.outputs[step], rel=1e-12)
    assert torch.cat([each.input_gradient for each in split]) == pytest.approx(whole.input_gradient, rel=1e-12)
    assert all(set(each.state) == {"weight", "bias"} for each in split)


def test_statistics_of_each_rank_alone_would_be_seen() -> None:
    """The layers left local: the comparison above fails for them."""
    case = Case(nn.BatchNorm1d(5, dtype=torch.float64), [4, 4], "rows")
    local = torch.cat([case.layer(rows) for rows in batch(case, 0).split(4)])
    assert (local - alone(case).outputs[0]).abs().max() > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_statistics_are_float32_under_half_precision_input(dtype: torch.dtype) -> None:
    cases = [Case(layer, [3, 4], shape, dtype) for layer, shape in layers(torch.float32)]
    exact = [Case(layer.double(), [3, 4], shape) for layer, shape in layers(torch.float32)]
    tolerance = {torch.float32: 1e-5, torch.float16: 5e-3, torch.bfloat16: 4e-2}[dtype]
    of_ranks = ranks.run(passes, 2, cases)
    for number, case in enumerate(exact):
        whole = _passed_rounded(case, dtype)
        for step, output in enumerate(whole.outputs):
            got = torch.cat([of_rank[number].outputs[step] for of_rank in of_ranks])
            assert got.dtype == dtype
            torch.testing.assert_close(got.double(), output, rtol=tolerance, atol=2 * tolerance)
        for of_rank in of_ranks:
            for key, value in whole.state.items():
                torch.testing.assert_close(of_rank[number].state[key].double(), value.double(), rtol=1e-5, atol=1e-5)


def _passed_rounded(case: Case, dtype: torch.dtype) -> Pass:
    """One process in float64 on the inputs as `dtype` rounds them."""
    outputs = [case.layer(batch(case, step).to(dtype).double()).detach() for step in range(2)]
    outputs.append(case.layer.eval()(batch(case, 1).to(dtype).double()).detach())
    return Pass(outputs, torch.empty(0), [], dict(case.layer.state_dict()))


def test_gradcheck() -> None:
    x = batch(Case(nn.Identity(), [4], "images"), 0).requires_grad_()
    weight, bias = (torch.linspace(a, b, 5, dtype=torch.float64, requires_grad=True) for a, b in ((-1, 2), (0, 1)))

    def normalised(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return batch_norm._Normalise.apply(x, weight, bias, batch_norm.global_moments(x.detach()), 1e-5)

    assert torch.autograd.gradcheck(normalised, (x, weight, bias))


def test_one_rank_is_native_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_norm, "global_moments", None)
    for layer, shape in layers(torch.float32):
        converted = synchronised(copy.deepcopy(layer))
        assert isinstance(converted, GlobalBatchNorm)
        native, ours = (alone(Case(each, [6], shape, torch.float32)) for each in (layer, converted))
        assert all(torch.equal(*pair) for pair in zip(native.outputs, ours.outputs, strict=True))
        assert torch.equal(native.input_gradient, ours.input_gradient)
        assert all(torch.equal(native.state[key], ours.state[key]) for key in native.state)


def evaluated(world: World) -> tuple[Tensor, Tensor]:
    """In evaluation mode ranks may even do different numbers of passes: nothing is shared."""
    layer = randomised(nn.BatchNorm2d(5)).eval()
    x = torch.randn(3, 5, 2, 2)
    expected = layer(x)
    synchronised(layer)
    for _ in range(world.rank):
        layer(x)
    return layer(x), expected


def test_evaluation_is_local() -> None:
    assert all(torch.equal(*pair) for pair in ranks.run(evaluated, 2))


class Model(nn.Module):
    """Convolution, both kinds of batch norm, timm's with its activation."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        f64: dict[str, Any] = {"dtype": torch.float64}
        self.stem = nn.Sequential(nn.Conv2d(2, 4, 3, bias=False, **f64), BatchNormAct2d(4, **f64))
        self.body = nn.Sequential(nn.Conv2d(4, 6, 2, bias=False, **f64), nn.BatchNorm2d(6, **f64), nn.ReLU())
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(24, 5, **f64), nn.BatchNorm1d(5, **f64))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.head(self.body(self.stem(x)))
        return output


def trained(world: World, convert: bool) -> dict[str, Tensor]:
    """Three steps of SGD under DDP on this rank's share of twelve images; parameters and buffers after them."""
    model: nn.Module = Model()
    if convert:
        synchronised(model)
    if world.size > 1:
        model = nn.parallel.DistributedDataParallel(model)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step in range(3):
        generator = torch.Generator().manual_seed(step)
        images = torch.randn(12, 2, 5, 5, dtype=torch.float64, generator=generator) + torch.arange(12).view(-1, 1, 1, 1)
        share = 12 // world.size
        own = images[world.rank * share : (world.rank + 1) * share]
        optimiser.zero_grad()
        (model(own) - own.mean((1, 2, 3)).unsqueeze(1).sin()).square().mean().backward()
        optimiser.step()
    return {key.removeprefix("module."): value for key, value in model.state_dict().items()}


@pytest.mark.parametrize("world_size", [2, 3])
def test_training_under_ddp_equals_one_process(world_size: int) -> None:
    whole = trained(World(0, 1, torch.device("cpu")), convert=False)
    for state in ranks.run(trained, world_size, True):
        torch.testing.assert_close(state, whole, rtol=1e-10, atol=1e-10)
    local = ranks.run(trained, world_size, False)[0]
    assert max((local[key] - whole[key]).abs().max().item() for key in whole) > 1e-2, "local statistics are not seen"


def test_what_is_converted_and_what_stays() -> None:
    shared = nn.BatchNorm2d(3)
    kept = [nn.GroupNorm(1, 3), nn.BatchNorm3d(3), nn.SyncBatchNorm(3), SplitBatchNorm2d(3), nn.InstanceNorm2d(3)]
    act = BatchNormAct2d(3, act_layer=nn.SiLU, drop_layer=Halve)
    model = nn.Sequential(nn.Sequential(shared, nn.ReLU()), shared, nn.BatchNorm1d(3), act, *kept)
    parameters, keys, types = list(model.parameters()), list(model.state_dict()), [type(each) for each in kept]
    assert synchronised(synchronised(model)) is model
    assert model[0][0] is model[1] is shared
    assert (type(shared), type(model[2])) == (GlobalBatchNorm2d, GlobalBatchNorm1d)
    assert isinstance(act, GlobalBatchNorm)
    assert isinstance(act, BatchNormAct2d)
    assert (type(act.act), type(act.drop)) == (nn.SiLU, Halve)
    assert [type(each) for each in kept] == types
    assert all(a is b for a, b in zip(model.parameters(), parameters, strict=True))
    assert list(model.state_dict()) == keys
    assert type(synchronised(nn.BatchNorm1d(3))) is GlobalBatchNorm1d


def test_a_wrong_shape_is_refused_as_by_the_native_one() -> None:
    for layer, x in ((GlobalBatchNorm2d(3), torch.zeros(2, 3)), (GlobalBatchNorm1d(3), torch.zeros(2, 3, 1, 1))):
        with pytest.raises(ValueError, match="expected"):
            layer(x)
