"""Solarize and the four parts of the colour jitter against torchvision and Python's HSV."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as v2

from harness.data.augment.ops.colour import adjust_brightness, adjust_contrast, adjust_saturation
from harness.data.augment.ops.draws import draw
from harness.data.augment.ops.hue import adjust_hue
from harness.data.augment.ops.solarize import solarize
from support import table_s1_oracle as oracle
from support.augmenting import channels_last, images, keys, only, unit

pytestmark = pytest.mark.usefixtures("form")

FACTORS = [0.0, 0.6, 0.93, 1.0, 1.17, 1.4]
TURNS = [-0.5, -0.1, -0.031, 0.0, 0.1, 0.5]
PAIRS: list[tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, float], Tensor], list[float]]] = [
    (adjust_brightness, v2.adjust_brightness, FACTORS),
    (adjust_contrast, v2.adjust_contrast, FACTORS),
    (adjust_saturation, v2.adjust_saturation, FACTORS),
    (adjust_hue, v2.adjust_hue, TURNS),
]


def colours(count: int) -> Tensor:
    """Every kind of pixel: random colours, greys, primaries, black, white, two equal channels."""
    x = torch.rand(count, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    corners = torch.tensor([[a, b, c] for a in (0, 0.5, 1) for b in (0, 0.5, 1) for c in (0, 0.5, 1)])
    x[:, :, 0], x[:, :, 1], x[:, :, 2, :3] = corners[:12].T, corners[12:24].T, corners[24:].T
    x[:, 1, 5] = x[:, 0, 5]
    x[:, 2, 6] = x[:, 0, 6]
    x[:, 2, 7] = x[:, 1, 7]
    return x


@pytest.mark.parametrize("pair", PAIRS, ids=["brightness", "contrast", "saturation", "hue"])
def test_equals_torchvision(
    pair: tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, float], Tensor], list[float]],
) -> None:
    ours, theirs, values = pair
    x = colours(len(values))
    y = ours(x.clone(), torch.tensor(values)[:, None, None, None])
    for image, result, value in zip(x, y, values, strict=True):
        assert torch.allclose(result, theirs(image, value), rtol=0, atol=1e-5)


def test_hue_is_pythons_hsv() -> None:
    x = colours(len(TURNS))
    y = channels_last(adjust_hue(x.clone(), torch.tensor(TURNS)[:, None, None, None]))
    for image, result, turn in zip(channels_last(x), y, TURNS, strict=True):
        assert result == pytest.approx(oracle.turn_hue(image, turn), abs=2e-6)


def test_hue_keeps_grey_value_and_saturation() -> None:
    x = colours(1)
    y = adjust_hue(x.clone(), torch.full((1, 1, 1, 1), 0.07))
    assert torch.allclose(y.amax(1), x.amax(1), rtol=0, atol=1e-6)
    assert torch.allclose(y.amin(1), x.amin(1), rtol=0, atol=1e-6)
    grey = torch.rand(1, 1, 4, 4).expand(-1, 3, -1, -1)
    assert torch.equal(adjust_hue(grey.clone(), torch.full((1, 1, 1, 1), 0.07)), grey)


def test_one_channel_is_its_own_grey() -> None:
    x, factor = torch.rand(2, 1, 5, 5), torch.full((2, 1, 1, 1), 0.7)
    assert torch.equal(adjust_saturation(x.clone(), factor), x)
    assert torch.equal(adjust_hue(x.clone(), factor), x)
    expected = torch.stack([v2.adjust_contrast(image, 0.7) for image in x])
    assert torch.allclose(adjust_contrast(x.clone(), factor), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5, 0.999])
def test_solarize_equals_torchvision(threshold: float) -> None:
    x = colours(2)
    y = solarize(x.clone(), np.full(2, threshold))
    assert torch.allclose(y, v2.solarize(x, threshold), rtol=0, atol=1e-6)


def test_only_the_drawn_images_are_solarized() -> None:
    config, x, k = only(solarize_probability=0.3), images(20), keys(20)
    y = channels_last(config.build(0)(x, k, 0, 0))
    d = draw(config, 0, k, 0, 0)
    for n, image in enumerate(unit(x)):
        expected = oracle.solarize(image, float(d.threshold[n])) if d.solarize[n] else image
        assert y[n] == pytest.approx(expected, abs=1e-6)
    assert 0 < d.solarize.sum() < 20


def test_parts_come_in_their_order_and_only_where_drawn() -> None:
    config, x, k = only(jitter_probability=0.5), images(20), keys(20)
    y = channels_last(config.build(1)(x, k, 0, 0))
    d = draw(config, 1, k, 0, 0)
    for n, image in enumerate(unit(x)):
        factors = (d.brightness[n], d.contrast[n], d.saturation[n], d.hue[n])
        expected = oracle.jitter(image, *(float(factor) for factor in factors)) if d.jitter[n] else image
        assert y[n] == pytest.approx(expected, abs=5e-6)
    assert 0 < d.jitter.sum() < 20
