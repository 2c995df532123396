"""Downsampling against torch's own resize in float64, against fractions, and on the paper's sizes."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from harness.data.views.downsample import Downsample
from harness.errors import DataError
from support.augmenting import images, keys

SIZES = [(16, 7), (15, 4), (16, 16), (16, 1), (224, 7)]


def rounded(x_BCHW: torch.Tensor) -> torch.Tensor:
    return (x_BCHW + 0.5).floor().to(torch.uint8)


def by_torch(x_BHWC: torch.Tensor, side: int, antialias: bool) -> torch.Tensor:
    """The same two resizes by `interpolate` in float64, its values rounded to bytes after each."""
    x = x_BHWC.permute(0, 3, 1, 2).double()
    small = F.interpolate(x, size=(side, side), mode="bilinear", antialias=antialias)
    large = F.interpolate(rounded(small).double(), size=x.shape[2:], mode="bilinear")
    return rounded(large).permute(0, 2, 3, 1)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("native", "side"), SIZES)
def test_against_torch(native: int, side: int, antialias: bool) -> None:
    """Equal but where torch's floating sum falls on the other side of a half."""
    x = images(3, side=native)
    y = Downsample(modality="he", side=side, antialias=antialias).build()(x, keys(3))
    far = (y.int() - by_torch(x, side, antialias).int()).abs()
    assert int(far.max()) <= 1
    assert float((far > 0).float().mean()) < 0.01


def test_against_fractions() -> None:
    """Every pixel of a small image, in exact arithmetic."""
    x = images(1, side=5)[0, :, :, 0].numpy().astype(int).tolist()
    small = [[pixel(x, i, j, 5, 3) for j in range(3)] for i in range(3)]
    large = [[pixel(small, i, j, 3, 5) for j in range(5)] for i in range(5)]
    y = Downsample(modality="he", side=3).build()(images(1, side=5), keys(1))
    assert y[0, :, :, 0].tolist() == large


def pixel(x: list[list[int]], i: int, j: int, native: int, side: int) -> int:
    """Bilinear interpolation at the centre of a pixel, halves up."""
    total = Fraction(0)
    for row, weight in taps(i, native, side):
        total += weight * sum(part * x[row][column] for column, part in taps(j, native, side))
    return floor(total + Fraction(1, 2))


def taps(line: int, native: int, side: int) -> list[tuple[int, Fraction]]:
    place = max(Fraction(2 * line + 1, 2) * native / side - Fraction(1, 2), Fraction(0))
    near = min(floor(place), native - 1)
    return [(near, 1 - (place - near)), (min(near + 1, native - 1), place - near)]


def test_the_paper_without_antialiasing_looks_at_four_pixels_of_a_thousand() -> None:
    """At 7 of 224 px each small pixel is the mean of 4: all others may be anything."""
    x = torch.zeros(1, 224, 224, 3, dtype=torch.uint8)
    y = x.clone()
    seen = np.zeros(224, bool)
    seen[[32 * line + part for line in range(7) for part in (15, 16)]] = True
    y[:, ~(seen[:, None] & seen[None, :])] = 255
    plain, averaged = (Downsample(modality="he", antialias=antialias).build() for antialias in (False, True))
    assert torch.equal(plain(y, keys(1)), plain(x, keys(1)))
    assert not torch.equal(averaged(y, keys(1)), averaged(x, keys(1)))


def test_a_flat_image_stays_flat() -> None:
    x = torch.full((2, 30, 30, 3), 77, dtype=torch.uint8)
    for antialias in (False, True):
        assert torch.equal(Downsample(modality="he", antialias=antialias).build()(x, keys(2)), x)


def test_smaller_images_are_named() -> None:
    with pytest.raises(DataError, match="a view of 7 px is asked of images of 5 px") as error:
        Downsample(modality="he").build()(images(1, side=5), keys(1))
    assert "1 to 5" in str(error.value)
