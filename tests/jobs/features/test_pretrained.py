"""Frozen weights from a file, through the same probe as an encoder of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from harness.config.plain import identity
from harness.config.read import read
from harness.data.pack import pack
from harness.errors import ConfigError, DataError
from harness.files import sha256_of
from harness.grid.states import DONE, states
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.tracking.store import Store
from jobs.features import Features, Source
from jobs.features.pretrained import Pretrained
from support.grids import plan_of, write_grid
from support.images import make_folder
from support.probing import HEAD, TEST, TRAIN, Bench, Counter
from support.silent import Silent

MODEL = "test_convnext"
SCALES: dict[str, tuple[Any, Any]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "none": (0.0, 1.0),
    "raw": (0.0, 1 / 255),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model's weights as timm saves them, its classifier with them."""
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file(timm.create_model(MODEL, num_classes=10).state_dict(), path)
    return path


def features(weights: Path, **over: Any) -> dict[str, Any]:
    encoder = {"name": "timm", "model": MODEL, "weights": str(weights), "weights_digest": sha256_of(weights)}
    return {"name": "pretrained", "encoder": encoder, **over}


def by_timm(images: np.ndarray, weights: Path, mean: Any, std: Any) -> np.ndarray:
    """What timm itself says of uint8 images, one at a time."""
    model = timm.create_model(MODEL, num_classes=10, checkpoint_path=str(weights)).eval()
    model.reset_classifier(0)
    scaled = (images.astype(np.float64) / 255 - np.asarray(mean)) / np.asarray(std)
    with torch.no_grad():
        return np.concatenate([model(torch.from_numpy(x.transpose(2, 0, 1)[None]).float()).numpy() for x in scaled])


@pytest.mark.parametrize("normalise", ["imagenet", "none", "raw", "dataset", "explicit"])
def test_features_are_those_of_timm(bench: Bench, weights: Path, normalise: str) -> None:
    packed = pack(bench.probe().data, bench.store.packs)
    mean, std = SCALES.get(normalise) or packed.statistics("he")
    given: Any = normalise
    if normalise == "explicit":
        mean, std = (0.7, 0.5, 0.6), (0.2, 0.3, 0.25)
        given = {"mean": list(mean), "std": list(std)}
    probe = bench.probe(features=features(weights, normalise=given))
    rows = np.array([3, 0, 7])
    source = Source(packed, probe.view, packed.rows("train"), 0, OneRank())  # type: ignore[arg-type]
    found = probe.features.extract(source, rows)
    expected = by_timm(packed.array("he")[rows], weights, mean, std)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


class OneRank:
    """The part of a worker that features use."""

    class world:  # noqa: N801
        device = torch.device("cpu")


def test_the_default_is_what_timms_weights_expect(weights: Path) -> None:
    found = read(Features, features(weights), "test")
    assert isinstance(found, Pretrained)
    assert found.normalise == "imagenet"
    mean, std = SCALES["imagenet"]
    assert mean == timm.data.IMAGENET_DEFAULT_MEAN
    assert std == timm.data.IMAGENET_DEFAULT_STD
    config = timm.create_model("resnet50", pretrained=False).default_cfg
    assert (config["mean"], config["std"]) == (mean, std)


def test_the_path_is_no_part_of_identity_and_the_rest_is(weights: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.safetensors"
    moved.write_bytes(weights.read_bytes())
    same, other = (identity(read(Features, features(path), "test")) for path in (weights, moved))
    assert same == other
    assert same["normalise"] == "imagenet"
    assert identity(read(Features, features(weights, normalise="none"), "test")) != same


def test_a_floor_of_a_grid_from_end_to_end(tmp_path: Path, weights: Path) -> None:
    make_folder(tmp_path / "pairs", n=24, size=32)
    floor = {"features": features(weights), "label": "ImageNet"}
    over = {"data": {"size": 32}, "axes": {"seed": [0]}, "exclude": [{"pair": "symmetric"}], "floors": [floor]}
    path = write_grid(tmp_path, over)
    store = Store(tmp_path / "store")
    plan = plan_of(path, store.root)
    Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    assert {state.name for state in states(plan, store).values()} == {DONE}
    (run,) = [run for run in plan.of("probe") if "floor" in run.labels[0]]
    assert run.labels[0]["floor"] == "ImageNet"
    assert run.settings["features"]["normalise"] == "imagenet"
    result = store.run(run.key).result()
    assert result is not None
    assert result.facts["weights"] == sha256_of(weights)
    assert result.facts["normalise"] == "imagenet"
    assert result.facts["target_in_pair"] is False
    assert "trained" not in result.facts, "it is no run of ours that might not have trained"


def test_heads_share_its_pass_and_another_scale_has_its_own(
    bench: Bench, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = Counter(monkeypatch)
    taken = []
    for over in ({}, {"normalise": "none"}):
        for seed in (0, 1):
            bench.run(bench.probe(features=features(weights, **over), seed=seed))
            taken.append(passes.taken())
    assert taken == [TRAIN + TEST, 0, TRAIN + TEST, 0]


def test_on_augmented_patches_the_draws_are_those_of_the_probes_seed(bench: Bench, weights: Path) -> None:
    given = {"features": features(weights), "head_inputs": "augmented"}
    one, same, other = (
        bench.probe(**given, seed=seed, head=head) for seed, head in ((0, HEAD), (0, "linear"), (1, HEAD))
    )
    assert one.together() == same.together()
    assert one.together() != other.together()
    plain = bench.run(bench.probe(**given, augmentation="none"))
    assert plain == bench.run(bench.probe(features=features(weights)))
    assert plain != bench.run(bench.probe(**given))


@pytest.mark.parametrize(
    ("encoder", "name"),
    [
        ("resnet50", "timm"),
        ("timm:resnet18", "timm"),
        ("keras_resnet50", "keras_resnet50"),
        ("small_conv", "small_conv"),
    ],
)
def test_an_encoder_without_weights_is_refused(encoder: str, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(Features, {"name": "pretrained", "encoder": encoder}, "grid.yaml")
    assert f"the encoder '{name}' of pretrained features has no weights" in str(caught.value)
    assert "legal: an encoder of keras_resnet50, timm with weights and weights_digest" in str(caught.value)


@pytest.mark.parametrize(
    ("over", "wording"),
    [
        ({"normalise": "standard"}, "standard"),
        ({"normalise": {"mean": [0.5, 0.5], "std": [1.0, 1.0, 1.0]}}, "mean"),
        ({"normalise": {"mean": [0.5, 0.5, 0.5], "std": [1.0, 0.0, 1.0]}}, "std"),
    ],
)
def test_a_scale_that_is_none_is_named(weights: Path, over: dict[str, Any], wording: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(Features, features(weights, **over), "grid.yaml")
    assert wording in str(caught.value)


def test_weights_that_changed_since_the_plan_are_refused(bench: Bench, weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model.safetensors"
    copy.write_bytes(weights.read_bytes())
    probe = bench.probe(features=features(copy))
    copy.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(DataError, match="have the digest"):
        bench.run(probe)
    assert bench.kept() == []
