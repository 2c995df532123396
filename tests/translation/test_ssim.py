"""Structural similarity beside torchmetrics', and the images that it is not defined for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from harness.errors import ConfigError
from harness.translation.loss.ssim import ssim, windows

BORDER = 5


def pair(size: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(2, 3, size, size, generator=draw, dtype=dtype)
    return x, (0.7 * x + 0.3 * torch.rand(x.shape, generator=draw, dtype=dtype)).clamp(0, 1)


@pytest.mark.parametrize("size", [11, 12, 33, 64])
def test_within_the_image_it_is_torchmetrics(size: int) -> None:
    x, y = pair(size)
    found = structural_similarity_index_measure(x, y, data_range=1.0, return_full_image=True, reduction="none")
    inner = found[1][..., BORDER:-BORDER, BORDER:-BORDER].mean((1, 2, 3))
    torch.testing.assert_close(ssim(x, y), inner, rtol=1e-12, atol=0)


def test_torchmetrics_own_mean_counts_a_reflected_border() -> None:
    """If this fails, a newer torchmetrics may have changed what it does, and the reason in ours is out of date."""
    x, y = pair(24)
    whole = structural_similarity_index_measure(x, y, data_range=1.0)
    assert isinstance(whole, Tensor)
    assert abs(float(whole - ssim(x, y).mean())) > 1e-4


def test_windows_lie_within_the_image_and_weigh_one() -> None:
    weights = windows(16, torch.zeros(1, dtype=torch.float64))
    assert weights.shape == (6, 16)
    assert ((weights > 0).sum(1) == 11).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(6, dtype=torch.float64))
    assert weights[2].argmax() == 7
    torch.testing.assert_close(weights[0, :5].flip(0), weights[0, 6:11])


@pytest.mark.parametrize("shape", [(10, 16), (16, 10)])
def test_images_without_a_window_are_refused(shape: tuple[int, int]) -> None:
    x = torch.zeros(1, 3, *shape)
    with pytest.raises(ConfigError) as caught:
        ssim(x, x)
    assert f"images of {shape[1]} x {shape[0]} px" in str(caught.value)
    assert "11 px or more" in str(caught.value)
