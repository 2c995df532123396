"""Batch norms for each domain: one set of weights, and statistics that do not mix."""

from __future__ import annotations

import torch

from harness.models.domains import with_own_norms
from harness.models.encoders import Encoder
from harness.models.nets.shell import EncoderModule


def pair(name: str) -> tuple[EncoderModule, EncoderModule]:
    torch.manual_seed(0)
    first = Encoder.parse(name).build(3)
    return first, with_own_norms(first)


def test_weights_are_one_and_norms_are_two() -> None:
    for name in ("small_conv", "resnet18"):
        first, twin = pair(name)
        norms = {key for key, module in first.named_modules() if "BatchNorm" in type(module).__name__}
        for key, parameter in first.named_parameters():
            of_norm = key.rpartition(".")[0] in norms
            assert (twin.get_parameter(key) is parameter) is not of_norm, key
        for key, buffer in first.named_buffers():
            assert twin.get_buffer(key) is not buffer, f"{name} has no buffers but those of norms: {key}"


def test_both_start_alike_and_each_sees_its_own_domain() -> None:
    first, twin = pair("small_conv")
    x, y = torch.rand(4, 3, 16, 16), 5 + torch.rand(4, 3, 16, 16)
    assert torch.equal(first.eval()(x), twin.eval()(x))
    alone, _ = pair("small_conv")
    alone.train()(x), first.train()(x), twin.train()(y)
    for (key, mine), (_, wanted) in zip(first.named_buffers(), alone.named_buffers(), strict=True):
        assert torch.equal(mine, wanted), f"{key} moved with the other domain"
    assert not torch.equal(twin.backbone.stages[0][1].running_mean, first.backbone.stages[0][1].running_mean)


def test_gradients_of_both_meet_in_the_shared_weights() -> None:
    first, twin = pair("small_conv")
    x, y = torch.rand(4, 3, 16, 16), torch.rand(4, 3, 16, 16)
    weight = first.backbone.stages[0][0].weight
    (of_x,) = torch.autograd.grad(first(x).square().sum(), weight)
    (of_y,) = torch.autograd.grad(twin(y).square().sum(), weight)
    (first(x).square().sum() + twin(y).square().sum()).backward()
    torch.testing.assert_close(weight.grad, of_x + of_y)


def test_they_stay_one_when_they_move() -> None:
    first, twin = pair("small_conv")
    both = torch.nn.ModuleList([first, twin]).to(memory_format=torch.channels_last, dtype=torch.float64)
    assert twin.backbone.stages[0][0].weight is first.backbone.stages[0][0].weight
    alone, norms = sum(p.numel() for p in first.parameters()), 2 * sum((16, 32, 64, 128))
    assert sum(p.numel() for p in both.parameters()) == alone + norms
