"""The authors' Table S1: each operation and the whole against slow float64, and how little it shares with the text."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from harness.config.read import read
from harness.data.augment import Augmentation
from harness.data.augment.ops.authors_code import adjust_contrast, adjust_saturation, fill_zeros
from harness.data.augment.ops.draws import Draws, draw
from harness.data.augment.table_s1 import TableS1
from harness.data.augment.table_s1_authors import TableS1Authors
from harness.errors import ConfigError
from support import table_s1_oracle as oracle
from support.augmenting import channels_last, images, keys, only_of, unit


def slow(count: int, seed: int, epoch: int, branch: int) -> list[oracle.Image]:
    return [
        oracle.table_s1_authors(image, seed, epoch, int(key), branch)
        for image, key in zip(unit(images(count)), keys(count), strict=True)
    ]


@pytest.mark.parametrize("branch", [0, 1])
def test_equals_the_slow_chain(branch: int) -> None:
    y = channels_last(TableS1Authors().build(11)(images(24), keys(24), 3, branch))
    assert y == pytest.approx(np.stack(slow(24, 11, 3, branch)), abs=2e-5)
    d = draw(TableS1Authors(), 11, keys(24), 3, branch)
    assert all(0 < vars(d)[name].sum() < 24 for name in ("noise", "rotation", "solarize"))


def test_zero_channels_get_noise_and_no_others() -> None:
    config, x, k = only_of(TableS1Authors, noise_probability=1.0), images(6), keys(6)
    x[:, 10, 10] = torch.tensor([0, 200, 9], dtype=torch.uint8)
    y = channels_last(config.build(2)(x, k, 0, 0))
    for image, result, key in zip(unit(x), y, draw(config, 2, k, 0, 0).noise_key.tolist(), strict=True):
        expected = np.minimum(oracle.authors_noise(image, tuple(key)), 1.0)
        assert result == pytest.approx(expected, abs=1e-6)
        assert result[10, 10, 0] > 0


def test_noise_fills_the_scale_evenly() -> None:
    noise = fill_zeros(torch.zeros(4, 3, 64, 64), draw(TableS1Authors(), 0, keys(4), 0, 0).noise_key)
    counts = np.histogram(noise.numpy(), bins=16, range=(0, 256 / 255))[0]
    assert counts.sum() == noise.numel()
    assert np.abs(counts - noise.numel() / 16).max() < 5 * math.sqrt(noise.numel() / 16)


def test_images_without_zeros_get_none() -> None:
    x = torch.full((2, 3, 4, 4), 0.5)
    assert torch.equal(fill_zeros(x.clone(), np.array([[1, 2], [3, 4]])), x)


def test_solarize_is_a_negative_that_keeps_black() -> None:
    x = images(5)
    y = channels_last(only_of(TableS1Authors, solarize_probability=1.0).build(0)(x, keys(5), 0, 0))
    assert y == pytest.approx(np.where(unit(x) == 0, 0.0, 1 - unit(x)), abs=1e-6)


def test_thresholds_brightness_and_crops_are_in_their_ranges() -> None:
    d = draw(TableS1Authors(), 0, keys(5000), 0, 0)
    assert 0.01 <= d.threshold.min() * 255 < 0.02 < 0.59 < d.threshold.max() * 255 <= 0.6
    assert -0.4 <= d.brightness.min() < -0.39 < 0.39 < d.brightness.max() <= 0.4
    assert 0.75 <= d.crop_height.min() < 0.76
    assert 3.1 < d.angle.max() <= math.pi


def test_contrast_is_about_the_mean_of_each_channel_and_may_leave_the_scale() -> None:
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    y = adjust_contrast(x.clone(), torch.tensor([1.4, 0.6])[:, None, None, None])
    assert torch.allclose(y.mean(dim=(2, 3)), x.mean(dim=(2, 3)), rtol=0, atol=1e-6)
    assert torch.allclose(y.std(dim=(2, 3)), x.std(dim=(2, 3)) * torch.tensor([[1.4], [0.6]]), rtol=0, atol=1e-6)
    assert y[0].max() > 1
    assert y[0].min() < 0


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.4])
def test_saturation_is_that_of_hsv_also_beyond_the_scale(factor: float) -> None:
    x = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(1)) * 1.4 - 0.3
    x[0, :, 0], x[0, :, 1], x[0, :, 2] = 0.0, 0.7, -0.2
    x[0, 0, 3], x[0, 1, 3], x[0, 2, 3] = -0.3, 0.0, -0.1
    y = channels_last(adjust_saturation(x.clone(), torch.full((1, 1, 1, 1), factor)))[0]
    for before, after in zip(channels_last(x)[0].reshape(-1, 3), y.reshape(-1, 3), strict=True):
        assert after == pytest.approx(oracle.authors_hsv(tuple(before), factor, 0.0), abs=2e-6)


def test_jitter_is_the_slow_one() -> None:
    config, x, k = only_of(TableS1Authors, jitter_probability=1.0), images(12), keys(12)
    y, d = channels_last(config.build(1)(x, k, 0, 0)), draw(config, 1, k, 0, 0)
    for n, image in enumerate(unit(x)):
        parts = (float(part[n]) for part in (d.brightness, d.contrast, d.saturation, d.hue))
        assert y[n] == pytest.approx(oracle.authors_jitter(image, *parts), abs=5e-6)


def test_one_channel_goes_through() -> None:
    y = TableS1Authors().build(0)(images(8, channels=1), keys(8), 0, 0)
    assert y.shape == (8, 1, 16, 16)
    assert y.isfinite().all()


def test_both_protocols_share_their_luck() -> None:
    ours, theirs = draw(TableS1(), 5, keys(50), 2, 1), draw(TableS1Authors(), 5, keys(50), 2, 1)
    scaled = {"threshold", "brightness"}
    for name in set(vars(ours)) - scaled:
        assert np.array_equal(vars(ours)[name], vars(theirs)[name]), name
    for name in scaled:
        assert not np.array_equal(vars(ours)[name], vars(theirs)[name]), name


def test_the_same_bits_under_every_batch_rank_and_resume() -> None:
    k = keys(48)
    whole = draw(TableS1Authors(), 3, k, 7, 1)
    for rows in (np.arange(47, -1, -1), np.array([17]), np.arange(30, 48), *(np.arange(r, 48, 3) for r in range(3))):
        part = draw(TableS1Authors(), 3, k[rows], 7, 1)
        assert all(np.array_equal(value[rows], vars(part)[name]) for name, value in vars(whole).items())


def test_pixels_do_not_depend_on_the_batch() -> None:
    augment, x, k = TableS1Authors().build(4), images(24), keys(24)
    whole = augment(x, k, 1, 0)
    assert torch.equal(augment(x, k, 1, 0), whole)
    for part in (slice(5, 6), slice(0, 7), slice(1, None, 3)):
        assert torch.allclose(augment(x[part], k[part], 1, 0), whole[part], rtol=0, atol=1e-6)


def test_joint_geometry_keeps_branches_aligned() -> None:
    x, k = images(6), keys(6)
    moved = {"flip_probability": 0.5, "crop_probability": 1.0, "rotation_probability": 0.4}
    joint = only_of(TableS1Authors, joint_geometry=True, **moved).build(0)
    assert torch.equal(joint(x, k, 0, 0), joint(x, k, 0, 1))
    assert isinstance(draw(TableS1Authors(), 0, k, 0, 0), Draws)


@pytest.mark.parametrize("setting", ["noise_sigma", "contrast", "rotation_interpolation", "backend"])
def test_settings_without_effect_are_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match=setting):
        read(Augmentation, {"name": "table_s1_authors", setting: 0.5}, "grid.yaml")
