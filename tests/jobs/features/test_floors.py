"""The floors: features that nobody trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from harness.config.read import read
from harness.data.views import View
from jobs.features import Features, Source
from jobs.features.random_encoder import RandomEncoder
from jobs.run.untrained import estimate_norms
from support.images import packed_folder


class OneRank:
    """The part of a worker that the floors use."""

    class world:  # noqa: N801
        device = torch.device("cpu")


def source(tmp_path: Path, seed: int = 0) -> Source:
    packed = packed_folder(tmp_path)
    return Source(packed, read(View, "he", "test"), packed.rows("train"), seed, OneRank())  # type: ignore[arg-type]


def test_the_majority_floor_says_nothing(tmp_path: Path) -> None:
    found = read(Features, "majority", "test").extract(source(tmp_path), np.arange(5))
    assert not found.any()


def test_the_histogram_by_hand(tmp_path: Path) -> None:
    given = source(tmp_path)
    found = read(Features, {"name": "histogram", "bins": 4}, "test").extract(given, np.array([2, 0]))
    image = np.array(given.packed.array("he")[2])
    for channel in range(3):
        for edge in range(4):
            values = image[..., channel].ravel()
            share = np.mean((values >= 64 * edge) & (values < 64 * (edge + 1)))
            assert found[0, channel * 4 + edge] == np.float32(share)
    assert found.shape == (2, 12)


def test_no_norm_of_a_random_encoder_begins_at_zero() -> None:
    long = {"name": "timm", "model": "resnet18"}
    for encoder in ("resnet18", long, {**long, "zero_init_last": True}):
        floor = read(Features, {"name": "random_encoder", "encoder": encoder}, "test")
        assert isinstance(floor, RandomEncoder)
        assert floor.encoder.zero_init_last is False  # type: ignore[attr-defined]


def test_random_features_are_standardised_on_the_training_rows_and_follow_the_seed(tmp_path: Path) -> None:
    floor = read(Features, {"name": "random_encoder", "encoder": {"name": "small_conv", "widths": [4, 8]}}, "test")
    given = source(tmp_path)
    train = floor.extract(given, given.train_rows)
    spread = train.std(axis=0)
    assert np.allclose(train.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(spread[spread > 0], 1, atol=1e-4)
    assert np.array_equal(train, floor.extract(given, given.train_rows))
    assert not np.array_equal(train, floor.extract(source(tmp_path, seed=1), given.train_rows))


def test_estimated_norms_are_the_averages_over_all_batches() -> None:
    torch.manual_seed(0)
    norm = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    batches = [torch.randn(4, 3, 5, 5) + index for index in range(3)]
    estimate_norms(norm, iter(batches))
    means = torch.stack([batch.mean((0, 2, 3)) for batch in batches]).mean(0)
    assert torch.allclose(norm[0].running_mean, means, atol=1e-6)
    assert norm[0].momentum == 0.1
    assert not norm.training
