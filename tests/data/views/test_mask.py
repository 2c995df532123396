"""Types as grey levels, and masks that the table does not fit."""

from __future__ import annotations

import pytest
import torch

from harness.config.read import read
from harness.data.views import View
from harness.data.views.mask import Mask
from harness.errors import ConfigError, DataError
from support.augmenting import images, keys


def test_each_type_has_its_level() -> None:
    x = torch.tensor([0, 1, 5, 2], dtype=torch.uint8).view(1, 2, 2, 1)
    y = Mask(modality="nuclei", levels=(0, 10, 20, 30, 40, 250)).build()(x, keys(1))
    assert y.shape == (1, 2, 2, 3)
    for channel in range(3):
        assert y[0, :, :, channel].tolist() == [[0, 10], [250, 20]]


def test_background_is_black_by_default() -> None:
    levels = Mask(modality="nuclei").levels
    assert levels[0] == 0
    assert len(set(levels)) == len(levels) == 6


def test_a_type_without_a_level_is_named() -> None:
    with pytest.raises(DataError, match=r"the type 6, and mask\.levels has 6 entries"):
        Mask(modality="nuclei").build()(torch.full((1, 2, 2, 1), 6, dtype=torch.uint8), keys(1))


def test_colour_images_are_no_types() -> None:
    with pytest.raises(DataError, match="images with 3 channels"):
        Mask(modality="he").build()(images(1), keys(1))


def test_levels_are_bytes() -> None:
    with pytest.raises(ConfigError, match="levels"):
        read(View, {"name": "mask", "modality": "nuclei", "levels": [0, 256]}, "here")
