"""CLIP's loss alone: where its scale starts, that it is learnt, and what happens at its bound."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from harness.config.plain import identity
from harness.config.read import read
from harness.errors import ConfigError
from harness.objectives import Objective
from support.oracles import sample_embeddings


def built(name: str = "clip", **settings: float) -> nn.Module:
    return read(Objective, {"name": name, **settings}, "test").build()


def sample() -> list[Tensor]:
    return [torch.tensor(branch) for branch in sample_embeddings()]


@pytest.mark.parametrize("temperature", [0.01, 0.07, 0.5])
@pytest.mark.parametrize("learnt", [True, False])
def test_it_starts_as_infonce_bit_for_bit(temperature: float, learnt: bool) -> None:
    module, same = built(temperature=temperature, learnt=learnt), built("infonce", temperature=temperature)
    assert torch.equal(module(sample())["loss"], same(sample())["loss"])


def test_the_scale_is_recorded_and_is_the_only_thing_learnt() -> None:
    module = built()
    assert [(name, tuple(each.shape)) for name, each in module.named_parameters()] == [("log_gain", ())]
    assert module(sample())["scale"].item() == pytest.approx(1 / 0.07, rel=1e-15)
    module.log_gain.data.fill_(math.log(2))
    found = module(sample())
    assert found["scale"].item() == pytest.approx(2 / 0.07, rel=1e-7)
    assert found["loss"].item() == pytest.approx(built("infonce", temperature=0.035)(sample())["loss"].item(), rel=1e-7)


def test_a_fixed_scale_has_no_parameter_and_no_term() -> None:
    module = built(learnt=False)
    assert not list(module.parameters())
    assert list(module(sample())) == ["loss"]


def test_results_of_before_it_was_learnt_keep_their_id() -> None:
    """Then `learnt` did not exist, and the scale was fixed; a run of the default is another run."""
    before = {"name": "clip", "revision": 1, "temperature": 0.07}
    assert identity(read(Objective, {"name": "clip", "learnt": False}, "test")) == before
    assert identity(read(Objective, "clip", "test")) == {**before, "learnt": True}


@pytest.mark.parametrize("beyond", [0.0, 1e-3, 50.0])
def test_beyond_the_bound_the_scale_is_a_hundred_and_still_has_its_gradient(beyond: float) -> None:
    module = built()
    module.log_gain.data.fill_(math.log(7) + beyond)
    found = module(sample())
    found["loss"].backward()
    at_bound = built("infonce", temperature=0.01)(sample())["loss"].item()
    assert found["scale"].item() == pytest.approx(100, rel=1e-6)
    assert found["loss"].item() == pytest.approx(at_bound, rel=1e-6)
    assert module.log_gain.item() == pytest.approx(math.log(7), rel=1e-6)
    assert module.log_gain.grad.item() > 10, "the sharper, the worse: what pulls back is felt"


def test_steps_are_those_of_a_clamp_after_each_step() -> None:
    """Up against the bound, along it and back, beside CLIP's own way: s is the parameter, and the loop clamps it."""
    ours, s = built().double(), nn.Parameter(torch.tensor(math.log(1 / 0.07), dtype=torch.float64))
    optimisers = [torch.optim.Adam([each], lr=0.5) for each in (ours.log_gain, s)]
    scales: list[tuple[float, float]] = []
    x, y = sample()
    for step in range(40):
        pair = [x, x + 0.01 * y] if step < 20 else [x, y]
        found = ours(pair)
        u, v = (z / z.norm(dim=1, keepdim=True) for z in pair)
        logits, same = u @ v.T * s.exp(), torch.arange(len(u))
        loss = (nn.functional.cross_entropy(logits, same) + nn.functional.cross_entropy(logits.T, same)) / 2
        scales.append((found["scale"].item(), s.exp().item()))
        for optimiser, each in zip(optimisers, (found["loss"], loss), strict=True):
            optimiser.zero_grad()
            each.backward()
            optimiser.step()
        s.data.clamp_(max=math.log(100))
    taken, expected = zip(*scales, strict=True)
    assert taken == pytest.approx(expected, rel=1e-9)
    assert max(taken) == pytest.approx(100)
    assert taken[-1] < 50, "it came back"


def test_the_bound_holds_at_the_start_as_well() -> None:
    assert built(temperature=0.01)(sample())["scale"].item() == pytest.approx(100, rel=1e-15)
    with pytest.raises(ConfigError, match=r"'temperature'(.|\n)*0\.01"):
        built(temperature=0.009)


@pytest.mark.parametrize("value", [1, "yes", None])
def test_learnt_is_yes_or_no(value: object) -> None:
    with pytest.raises(ConfigError, match="'learnt'"):
        read(Objective, {"name": "clip", "learnt": value}, "test")
