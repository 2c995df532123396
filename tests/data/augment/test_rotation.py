"""Rotation against quarter turns, a slow loop, and torchvision."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as v2

from harness.data.augment.ops.draws import draw
from harness.data.augment.ops.rotation import rotate
from support import table_s1_oracle as oracle
from support.augmenting import channels_last, images, keys, only, unit

pytestmark = pytest.mark.usefixtures("form")

ANGLES = np.array([0.0, 0.3, 1.0, 2.2, 3.1])


def batch(count: int, side: int = 16) -> torch.Tensor:
    return torch.from_numpy(unit(images(count, side))).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_are_anticlockwise(quarters: int) -> None:
    x = batch(2)
    y = rotate(x, np.full(2, quarters * math.pi / 2), "bilinear")
    assert torch.allclose(y, x.rot90(quarters, dims=(2, 3)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("height", [16, 9])
def test_equals_the_slow_loop(mode: str, height: int) -> None:
    x = batch(5)[:, :, :height].contiguous()
    y = channels_last(rotate(x, ANGLES, mode))  # type: ignore[arg-type]
    for image, result, angle in zip(channels_last(x), y, ANGLES, strict=True):
        assert result == pytest.approx(oracle.rotate(image, angle, nearest=mode == "nearest"), abs=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_equals_torchvision(mode: str) -> None:
    x = batch(5, side=33)
    y = rotate(x, ANGLES, mode)  # type: ignore[arg-type]
    for image, result, angle in zip(x, y, ANGLES, strict=True):
        expected = v2.rotate(image.double(), math.degrees(angle), InterpolationMode(mode))
        assert torch.allclose(result.double(), expected, rtol=0, atol=2e-5)


def test_only_the_drawn_images_turn() -> None:
    config, x, k = only(rotation_probability=0.4, rotation_interpolation="nearest"), images(20), keys(20)
    y = channels_last(config.build(0)(x, k, 0, 0))
    d = draw(config, 0, k, 0, 0)
    for n, image in enumerate(unit(x)):
        expected = oracle.rotate(image, float(d.angle[n]), nearest=True) if d.rotation[n] else image
        assert y[n] == pytest.approx(expected, abs=1e-6)
    assert 0 < d.rotation.sum() < 20
