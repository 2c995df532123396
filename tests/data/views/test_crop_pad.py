"""Crop and pad against a loop over pixels, and the paper's sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.data.views.crop_pad import CropPad
from harness.errors import DataError
from support.augmenting import images, keys


@pytest.mark.parametrize(("side", "keep"), [(16, 0.5), (15, 0.5), (16, 0.3), (9, 1.0), (9, 0.01)])
def test_against_a_loop(side: int, keep: float) -> None:
    x = images(2, side=side)
    length = max(1, round(keep * side))
    start = (side - length) // 2
    y = np.zeros_like(x.numpy())
    for i in range(start, start + length):
        for j in range(start, start + length):
            y[:, i, j] = x.numpy()[:, i, j]
    assert np.array_equal(CropPad(modality="he", keep=keep).build()(x, keys(2)).numpy(), y)


def test_the_paper_keeps_112_of_224() -> None:
    y = CropPad(modality="he").build()(torch.full((1, 224, 224, 3), 9, dtype=torch.uint8), keys(1))
    inside = y[0, :, :, 0].numpy() == 9
    assert inside.sum() == 112 * 112
    assert inside[56:168, 56:168].all()


def test_vectors_have_no_centre() -> None:
    with pytest.raises(DataError, match="crop_pad view is asked of vectors of 7 features"):
        CropPad(modality="genes").build()(torch.zeros(2, 7), keys(2))
