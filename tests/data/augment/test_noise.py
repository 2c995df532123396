"""Noise: its integers against Python's, its distribution, and where it is put."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from harness.data.augment.ops.draws import draw
from harness.data.augment.ops.noise import add_background_noise, mix, normal, words
from harness.data.augment.table_s1 import TableS1
from support import table_s1_oracle as oracle
from support.augmenting import images, keys, only, unit

pytestmark = pytest.mark.usefixtures("form")

CPU = torch.device("cpu")
EXTREME = [[0, 0], [2**32 - 1, 2**32 - 1], [2**32 - 1, 0], [0x9E3779B9, 0x7F4A7C15]]


def noise_keys(count: int) -> np.ndarray:
    return draw(TableS1(), 0, keys(count), 0, 0).noise_key


def test_integers_are_pythons() -> None:
    one, two = words(torch.tensor(EXTREME), 300)
    for row, key in enumerate(EXTREME):
        expected = [oracle.noise_words((key[0], key[1]), place) for place in range(300)]
        assert list(zip(one[row].tolist(), two[row].tolist(), strict=True)) == expected


def test_every_input_bit_moves_each_output_bit_half_the_time() -> None:
    word = torch.arange(20_000, dtype=torch.int64) * 104_729
    base = mix(word.clone())
    for bit in range(32):
        changed = base ^ mix(word ^ (1 << bit))
        share = torch.stack([(changed >> out & 1).double().mean() for out in range(32)])
        assert (share - 0.5).abs().max() < 0.025


def test_numbers_are_box_and_mullers() -> None:
    for shape in ((3, 4, 4), (1, 3, 5)):
        made = normal(np.array(EXTREME), torch.Size(shape), CPU)
        for row, key in enumerate(EXTREME):
            expected = oracle.normal((key[0], key[1]), shape).transpose(2, 0, 1)
            assert made[row].double().numpy() == pytest.approx(expected, abs=1e-5)


def test_numbers_are_standard_normal() -> None:
    made = normal(noise_keys(16), torch.Size((3, 80, 80)), CPU).double().numpy().ravel()
    assert len(made) == 307_200
    assert abs(made.mean()) < 4 / np.sqrt(len(made))
    assert abs(made.var() - 1) < 4 * np.sqrt(2 / len(made))
    assert stats.kstest(made, "norm").pvalue > 1e-3
    assert 4 < np.abs(made).max() < 6


def test_pixels_channels_and_samples_are_unrelated() -> None:
    made = normal(noise_keys(8), torch.Size((3, 64, 64)), CPU).double()
    for one, other in [
        (made[..., 1:], made[..., :-1]),
        (made[..., 1:, :], made[..., :-1, :]),
        (made[:, 1:], made[:, :-1]),
        (made[1:], made[:-1]),
        (made.flatten(1)[:, :6144], made.flatten(1)[:, 6144:]),
        (made[..., 1:] ** 2, made[..., :-1] ** 2),
        (made.flatten(1)[:, :6144] ** 2, made.flatten(1)[:, 6144:] ** 2),
    ]:
        assert abs(np.corrcoef(one.flatten(), other.flatten())[0, 1]) < 4 / np.sqrt(one.numel())


def test_keys_that_differ_in_one_bit_give_unrelated_noise() -> None:
    near = np.array([[5, 9], [4, 9], [5, 8], [9, 5], [5 + 2**31, 9]])
    related = np.corrcoef(normal(near, torch.Size((3, 64, 64)), CPU).flatten(1)) - np.eye(5)
    assert np.abs(related).max() < 4.5 / np.sqrt(3 * 64 * 64)


def test_only_pixels_black_in_all_channels_change() -> None:
    config, x, k = only(noise_probability=1.0, noise_sigma=0.2), images(6), keys(6)
    x[:, 10, 10] = torch.tensor([0, 0, 9], dtype=torch.uint8)
    y = config.build(2)(x, k, 0, 0).permute(0, 2, 3, 1).double().numpy()
    for image, result, key in zip(unit(x), y, draw(config, 2, k, 0, 0).noise_key.tolist(), strict=True):
        assert result == pytest.approx(oracle.background_noise(image, tuple(key), 0.2), abs=2e-6)
    background = (x.numpy() == 0).all(axis=3)
    assert 0.4 < (y[background] > 0).mean() < 0.6


def test_everywhere_adds_to_every_pixel_and_cuts_the_sum() -> None:
    config, x, k = only(noise_probability=1.0, noise_sigma=0.3, noise_where="everywhere"), images(4), keys(4)
    y = config.build(2)(x, k, 0, 0).permute(0, 2, 3, 1).double().numpy()
    for image, result, key in zip(unit(x), y, draw(config, 2, k, 0, 0).noise_key.tolist(), strict=True):
        expected = np.clip(image + 0.3 * oracle.normal(tuple(key), (3, 16, 16)), 0, 1)
        assert result == pytest.approx(expected, abs=1e-5)


def test_images_without_background_are_passed_over() -> None:
    x = torch.full((3, 3, 4, 4), 0.5)
    x[1, :, 0, 0] = 0
    y = add_background_noise(x.clone(), np.array(EXTREME[1:]), 1.0)
    assert torch.equal(y[[0, 2]], x[[0, 2]])
    alone = add_background_noise(x[1:2].clone(), np.array(EXTREME[2:3]), 1.0)
    assert torch.equal(y[1:2], alone)
