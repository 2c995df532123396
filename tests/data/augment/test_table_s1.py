"""Table S1 as a whole: the oracle, what it does not depend on, what it does, and how it is set."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import harness.data.augment.ops.chain as chain
from harness.config.read import read
from harness.data.augment import Augmentation
from harness.data.augment.table_s1 import TableS1
from harness.errors import ConfigError, DataError
from support import table_s1_oracle as oracle
from support.augmenting import channels_last, images, keys, only, unit

pytestmark = pytest.mark.usefixtures("form")


@pytest.mark.parametrize("branch", [0, 1])
def test_equals_the_slow_chain(branch: int) -> None:
    x = images(16)
    y = channels_last(TableS1().build(11)(x, keys(16), 3, branch))
    for image, result, key in zip(unit(x), y, keys(16), strict=True):
        assert result == pytest.approx(oracle.table_s1(image, 11, 3, int(key), branch), abs=2e-5)


def test_output_is_contiguous_float32_within_bounds() -> None:
    y = TableS1().build(0)(images(8), keys(8), 0, 0)
    assert y.shape == (8, 3, 16, 16)
    assert y.dtype == torch.float32
    assert y.is_contiguous()
    assert y.min() >= 0
    assert y.max() <= 1


def test_the_same_again_bit_for_bit() -> None:
    first, again = (TableS1().build(4)(images(12), keys(12), 1, 1) for _ in range(2))
    assert torch.equal(first, again)


def test_batch_size_order_and_ranks_leave_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    augment, x, k = TableS1().build(4), images(24), keys(24)
    whole = augment(x, k, 1, 0)
    order = np.random.default_rng(0).permutation(24)
    assert torch.allclose(augment(x[order], k[order], 1, 0), whole[order], rtol=0, atol=1e-6)
    for part in (slice(5, 6), slice(0, 7), slice(1, None, 3)):
        assert torch.allclose(augment(x[part], k[part], 1, 0), whole[part], rtol=0, atol=1e-6)
    monkeypatch.setattr(chain, "CHUNK_VALUES", 3000)
    assert torch.allclose(augment(x, k, 1, 0), whole, rtol=0, atol=1e-6)


def test_seed_epoch_branch_and_sample_each_change_the_result() -> None:
    x, k = images(1).expand(4, -1, -1, -1), keys(4)
    results = [
        TableS1().build(seed)(x, k, epoch, branch)
        for seed, epoch, branch in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    ]
    every = torch.cat(results)
    for one in range(len(every)):
        for other in range(one):
            assert (every[one] - every[other]).abs().max() > 1e-3


def test_joint_geometry_keeps_branches_aligned_and_their_colours_apart() -> None:
    x, k = images(6), keys(6)
    geometry = only(flip_probability=0.5, crop_probability=1.0, rotation_probability=0.4, joint_geometry=True).build(0)
    assert torch.equal(geometry(x, k, 0, 0), geometry(x, k, 0, 2))
    free = only(flip_probability=0.5, crop_probability=1.0, rotation_probability=0.4).build(0)
    assert torch.equal(geometry(x, k, 0, 0), free(x, k, 0, 0))
    assert not torch.equal(free(x, k, 0, 0), free(x, k, 0, 2))
    coloured = TableS1(joint_geometry=True).build(0)
    assert not torch.equal(coloured(x, k, 0, 0), coloured(x, k, 0, 2))


def test_all_switched_off_is_no_augmentation() -> None:
    x = images(3)
    assert torch.equal(only().build(0)(x, keys(3), 0, 0), read(Augmentation, "none", "").build(0)(x, keys(3), 0, 0))


def test_one_channel_repeated_stays_grey_and_one_channel_goes_through() -> None:
    mask = images(8, channels=1)
    y = only(crop_probability=1.0, solarize_probability=0.5, jitter_probability=1.0).build(0)(
        mask.expand(-1, -1, -1, 3), keys(8), 0, 0
    )
    assert torch.allclose(y[:, 0], y[:, 1], rtol=0, atol=1e-6)
    assert torch.allclose(y[:, 0], y[:, 2], rtol=0, atol=1e-6)
    assert TableS1().build(0)(mask, keys(8), 0, 0).shape == (8, 1, 16, 16)


def test_oblong_images_keep_their_shape() -> None:
    assert TableS1().build(0)(images(4)[:, :9], keys(4), 0, 0).shape == (4, 3, 9, 16)


def test_vectors_pass_through_and_other_batches_are_named() -> None:
    augment, vectors = TableS1().build(0), torch.randn(2, 5)
    assert augment(vectors, keys(2), 0, 0) is vectors
    with pytest.raises(DataError, match=r"float32 with the shape \(2, 3, 4, 4\)"):
        augment(torch.zeros(2, 3, 4, 4), keys(2), 0, 0)


def test_input_is_left_as_it_was_and_no_graph_is_kept() -> None:
    x = images(4)
    before = x.clone()
    assert not TableS1().build(0)(x, keys(4), 0, 0).requires_grad
    assert torch.equal(x, before)


def test_defaults_are_table_s1() -> None:
    config = read(Augmentation, "table_s1", "here")
    assert isinstance(config, TableS1)
    probabilities = {name: value for name, value in config if name.endswith("_probability")}
    assert probabilities == {
        "flip_probability": 0.5,
        "crop_probability": 1.0,
        "noise_probability": 0.3,
        "rotation_probability": 0.4,
        "solarize_probability": 0.3,
        "jitter_probability": 1.0,
    }
    assert (config.brightness, config.contrast, config.saturation, config.hue) == (0.4, 0.4, 0.4, 0.1)
    assert (config.crop_minimum, config.rotation_maximum) == (0.75, math.pi)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"protocol": "authors"}, "protocol"),
        ({"flip_probability": 1.5}, "flip_probability"),
        ({"crop_minimum": 0.0}, "crop_minimum"),
        ({"hue": 0.6}, "hue"),
        ({"noise_sigma": -0.1}, "noise_sigma"),
        ({"rotation_interpolation": "cubic"}, "rotation_interpolation"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(Augmentation, {"name": "table_s1", **settings}, "grid.yaml")
    assert key in str(error.value)
    assert repr(settings[key]) in str(error.value)
    assert "grid.yaml" in str(error.value)


def test_a_bad_seed_is_refused_when_built() -> None:
    with pytest.raises(ConfigError, match="-3"):
        TableS1().build(-3)
