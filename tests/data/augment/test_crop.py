"""Flips and crop against torch's own resize of the crop, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from harness.data.augment.ops.draws import draw
from harness.data.augment.table_s1 import TableS1
from support import table_s1_oracle as oracle
from support.augmenting import channels_last, images, keys, only, unit

pytestmark = pytest.mark.usefixtures("form")


@pytest.mark.parametrize("side", [16, 31, 64])
def test_equals_interpolate_on_the_flipped_crop(side: int) -> None:
    config = only(flip_probability=0.5, crop_probability=1.0)
    x, k = images(20, side), keys(20)
    y = config.build(5)(x, k, 0, 0)
    d = draw(config, 5, k, 0, 0)
    for n, image in enumerate(unit(x)):
        flipped = oracle.flip(image, bool(d.flip_lr[n]), bool(d.flip_ud[n]))
        parts = (float(d.crop_height[n]), float(d.crop_width[n]), float(d.crop_top[n]), float(d.crop_left[n]))
        top, left, height, width = oracle.crop_box(image.shape, *parts)
        crop = torch.from_numpy(flipped[top : top + height, left : left + width].copy()).permute(2, 0, 1)[None]
        expected = F.interpolate(crop, size=(side, side), mode="bilinear", align_corners=False, antialias=False)
        assert torch.allclose(y[n].double(), expected[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("lr", "ud"), [(False, False), (True, False), (False, True), (True, True)])
def test_flips_alone_move_pixels_and_change_none(lr: bool, ud: bool) -> None:
    config, x, k = only(flip_probability=0.5), images(40), keys(40)
    d = draw(config, 0, k, 0, 0)
    rows = np.flatnonzero((d.flip_lr == lr) & (d.flip_ud == ud))
    assert len(rows) > 2
    y = channels_last(config.build(0)(x, k, 0, 0))
    for row in rows:
        assert np.array_equal(y[row].astype(np.float32), oracle.flip(unit(x)[row], lr, ud).astype(np.float32))


def test_crops_are_whole_pixels_anywhere_in_the_image() -> None:
    d = draw(TableS1(), 0, keys(4000), 0, 0)
    boxes = [
        oracle.crop_box((16, 16), *parts)
        for parts in zip(d.crop_height, d.crop_width, d.crop_top, d.crop_left, strict=True)
    ]
    assert {(top, height) for top, _, height, _ in boxes} == {(t, h) for h in range(12, 16) for t in range(17 - h)}
    assert {(left, width) for _, left, _, width in boxes} == {(t, w) for w in range(12, 16) for t in range(17 - w)}


def test_black_stays_exactly_black() -> None:
    y = only(crop_probability=1.0).build(0)(images(10, side=32), keys(10), 0, 0)
    assert ((y == 0).all(dim=1).sum(dim=(1, 2)) > 20).all()
