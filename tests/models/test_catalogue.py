"""The torch-free table against timm's own models."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from harness.models.catalogue import KNOWN, SIZE
from harness.models.encoders.timm import Timm


@pytest.mark.parametrize("name", KNOWN)
def test_a_row_is_what_the_model_is(name: str) -> None:
    known, config = KNOWN[name], Timm(model=name)
    with torch.device("meta"):
        encoder = config.build(3).eval()
        counter = FlopCounterMode(display=False)
        with counter:
            features = encoder(torch.empty(1, 3, SIZE, SIZE))
    assert features.shape == (1, known.width)
    assert encoder.num_features == known.width
    assert sum(p.numel() for p in encoder.parameters()) == known.parameters == config.parameters()
    assert counter.get_total_flops() / 1e9 == pytest.approx(known.gflops, abs=6e-4)


def test_operations_follow_the_area() -> None:
    assert KNOWN["resnet50"].gflops_at(448) == pytest.approx(4 * 8.174)


def test_what_is_not_in_the_catalogue_has_no_figures() -> None:
    assert Timm(model="test_resnet").parameters() is None
    assert Timm(model="test_resnet").gflops(64) is None
    assert Timm(model="resnet18").parameters(in_features=1) is None
