"""Stain jitter against the formula of Tellez et al. in float64, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.data.random import uniform
from harness.data.views.ops.stain import STAIN_DRAW, STAINS
from harness.data.views.stain_jitter import StainJitter
from harness.errors import DataError
from support.augmenting import images, keys


def by_formula(x_HWC: np.ndarray, unit: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """Optical density, its split into stains, the change of their amounts, and back."""
    density = -np.log(np.maximum(x_HWC.astype(np.float64), 1) / 255)
    amounts = density @ np.linalg.inv(STAINS)
    changed = amounts * (1 + scale * (2 * unit[:3] - 1)) + shift * (2 * unit[3:] - 1)
    made: np.ndarray = np.clip(np.floor(255 * np.exp(-(changed @ STAINS)) + 0.5), 0, 255)
    return made


@pytest.mark.parametrize(("scale", "shift"), [(0.2, 0.05), (0.5, 0.0), (0.0, 0.3)])
def test_against_the_formula(scale: float, shift: float) -> None:
    x, of = images(4), keys(4)
    y = StainJitter(modality="he", scale=scale, shift=shift).build()(x, of).numpy()
    unit = uniform(0, 0, of, 0, STAIN_DRAW, 6)
    for made, image, numbers in zip(y, x.numpy(), unit, strict=True):
        far = np.abs(made.astype(float) - by_formula(image, numbers, scale, shift))
        assert far.max() <= 1
        assert (far > 0).mean() < 1e-3


def test_without_strength_nothing_changes() -> None:
    x = images(3).clamp_min(1)
    assert torch.equal(StainJitter(modality="he", scale=0.0, shift=0.0).build()(x, keys(3)), x)


def test_samples_differ_in_their_stain() -> None:
    x = torch.full((2, 4, 4, 3), 120, dtype=torch.uint8)
    y = StainJitter(modality="he").build()(x, keys(2))
    assert not torch.equal(y[0], y[1])


def test_grey_images_have_no_stains() -> None:
    with pytest.raises(DataError, match="images with 1 channel"):
        StainJitter(modality="panck").build()(images(1, channels=1), keys(1))
