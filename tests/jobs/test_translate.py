"""A translation's settings: what is fed, what is refused, and what a plan knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.config.plain import to_plain
from harness.config.read import read
from harness.data.augment import Augmentation
from harness.data.augment.table_s1 import TableS1
from harness.errors import ConfigError
from harness.grid.stage import Stage
from jobs.probe import Probe
from jobs.translate import Translate, geometry
from support.images import make_folder
from support.translations import settings, translation

COLOURS = ("noise_probability", "solarize_probability", "jitter_probability")
KEYS = np.arange(100, 132, dtype=np.uint64)


def refused(**over: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        translation(settings(Path("nowhere"), **over)).check(1)
    return str(caught.value)


def test_the_defaults_are_the_papers() -> None:
    stage = read(Stage, {"name": "translate", "data": {"name": "folder", "root": "pairs", "size": 224},
                         "view": "he", "target": "panck", "loss": "ssim"}, "test")  # fmt: skip
    assert isinstance(stage, Translate)
    assert to_plain(stage.encoder)["model"] == "resnet50"
    assert stage.augmentation == TableS1()
    assert (stage.epochs, stage.global_batch_size, stage.optimiser.lr) == (100, 128, 1e-4)
    assert stage.write_images == "none"
    stage.check(1)


def test_the_target_is_fed_beside_the_view() -> None:
    stage = translation(settings(Path("nowhere")))
    ((view, augmentation),) = stage.seen()
    ((target, moved),) = stage.targets()
    assert (view.modality, target.modality) == ("he", "panck")
    assert augmentation == TableS1()
    assert moved == TableS1(joint_geometry=True, noise_probability=0, solarize_probability=0, jitter_probability=0)
    assert stage.encoder_of(0) == (stage.encoder, "encoder_0")


@pytest.mark.parametrize("settings", [
    {"name": "table_s1", "backend": "torch"}, {"name": "table_s1", "backend": "numba"}, {"name": "table_s1_authors"},
    {"name": "table_s1", "rotation_interpolation": "nearest", "rotation_probability": 1.0}, {"name": "none"},
])  # fmt: skip
def test_what_moves_pixels_moves_those_of_both(settings: dict[str, Any]) -> None:
    """An image beside itself: the same bits where colours are left, however colours are changed at the input."""
    augmentation = Augmentation.parse(settings)
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (len(KEYS), 24, 24, 3)).astype(np.uint8))
    for epoch in (0, 7):
        target = geometry(augmentation).build(3)(x, KEYS, epoch, 1)
        plain = augmentation
        if settings["name"] != "none":
            plain = augmentation.model_copy(update=dict.fromkeys(COLOURS, 0.0))
            assert not torch.equal(augmentation.build(3)(x, KEYS, epoch, 0), target)
        assert torch.equal(plain.build(3)(x, KEYS, epoch, 0), target)


def test_without_the_joint_geometry_they_would_not_lie_on_each_other() -> None:
    augmentation = TableS1(noise_probability=0, solarize_probability=0, jitter_probability=0)
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (len(KEYS), 24, 24, 3)).astype(np.uint8))
    assert not torch.equal(augmentation.build(3)(x, KEYS, 0, 0), augmentation.build(3)(x, KEYS, 0, 1))


def test_an_augmentation_whose_geometry_is_not_known_is_refused() -> None:
    class Unknown(Augmentation):
        pass

    with pytest.raises(ConfigError) as caught:
        geometry(Unknown())
    assert "it is not known what moves pixels" in str(caught.value)
    assert "none, table_s1, table_s1_authors" in str(caught.value)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"encoder": "mlp"}, ["the encoder 'mlp' takes vectors", "small_conv"]),
        ({"data": {"name": "folder", "root": "p", "size": 18}},
         ["images of 18 px", "reduces a side 4 times", "where: data.size", "multiples of 4 px", "set data.size to 16"]),
        ({"data": {"name": "folder", "root": "p", "size": 6}}, ["images of 6 px", "set data.size to 12"]),
        ({"data": {"name": "folder", "root": "p", "size": 8}},
         ["the loss 'ssim' is not defined for images of 8 px", "11 px or more", "set data.size to 12, or take"]),
        ({"encoder": "resnet50", "data": {"name": "folder", "root": "p", "size": 200}},
         ["images of 200 px", "reduces a side 32 times", "legal: multiples of 32 px\n", "set data.size to 192"]),
        ({"loss": "msse"}, ["unknown loss 'msse'", "did you mean 'mse'"]),
        ({"write_images": "all"}, ["write_images", "train+test"]),
        ({"decoder": {"widths": [8, 0]}}, ["decoder.widths"]),
        ({"view": "predicted_panck", "write_images": "test"}, ["would be called 'predicted_panck'", "write no images"]),
        ({"global_batch_size": 7}, []),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(over: dict[str, Any], said: list[str]) -> None:
    if over.get("global_batch_size") == 7:
        with pytest.raises(ConfigError, match="cannot be shared by 2 ranks"):
            translation(settings(Path("nowhere"), **over)).check(2)
        return
    text = refused(**over)
    assert [part for part in said if part not in text] == []


@pytest.mark.parametrize("size", [8, 16, 20])
def test_mean_squared_error_needs_no_window(size: int) -> None:
    translation(settings(Path("nowhere"), loss="mse", data={"name": "folder", "root": "p", "size": size})).check(1)


def test_another_encoder_of_timm_is_looked_at_when_it_is_built() -> None:
    given = {"encoder": "timm:densenet121", "data": {"name": "folder", "root": "p", "size": 33}}
    translation(settings(Path("nowhere"), **given)).check(1)


@pytest.mark.parametrize(("field", "name"), [("view", "he2"), ("target", "pank")])
def test_a_modality_that_is_not_there_is_refused_by_the_plan(tmp_path: Path, field: str, name: str) -> None:
    make_folder(tmp_path / "pairs")
    with pytest.raises(ConfigError) as caught:
        translation(settings(tmp_path, **{field: name})).pinned(tmp_path / "packs")
    assert f"no modality '{name}'" in str(caught.value)
    assert "did you mean" in str(caught.value)


def test_a_plan_knows_the_digest_of_its_data(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs")
    stage = translation(settings(tmp_path)).pinned(tmp_path / "packs")
    assert stage is not None
    assert stage.data.digest is not None


@pytest.mark.parametrize(("target", "pairing"), [("panck", "asymmetric (he, panck)"), ("he", "symmetric (he, he)")])
def test_tags(target: str, pairing: str) -> None:
    tags = translation(settings(Path("nowhere"), target=target)).tags()
    assert tags["pairing"] == pairing
    assert (tags["objective"], tags["encoder"]) == ("ssim", "small_conv")
    assert {"protocol", "fraction"} < set(tags)


def test_the_price_counts_the_images_that_are_written(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs", n=24)
    plain, written = (translation(settings(tmp_path, write_images=each)).price() for each in ("none", "train+test"))
    assert written.final_bytes - plain.final_bytes == 18 * 2 * 16 * 16 * 3
    assert plain.units == 3 * 18
    assert plain.key != translation(settings(tmp_path, precision="bf16")).price().key


def test_a_probe_reads_its_encoder_and_no_other_branch() -> None:
    stage = translation(settings(Path("nowhere")))
    followed = Probe.follow({"label": "tissue"}, stage, "translate/x")
    assert followed["features"] == {"name": "encoder", "run": "translate/x", "branch": 0}
    assert followed["view"] == to_plain(stage.view)
    with pytest.raises(ConfigError, match="no branch 1"):
        Probe.follow({"label": "tissue", "branch": 1}, stage, "translate/x")


def test_a_protocol_stands_for_the_settings_that_it_has() -> None:
    given = Translate.settle({"protocol": "authors", "view": "he", "target": "panck", "loss": "mse",
                              "data": {"name": "folder", "root": "p", "size": 224}})  # fmt: skip
    stage = Translate.model_validate(given)
    assert stage.encoder.name == "keras_resnet50"
    assert stage.augmentation.name == "table_s1_authors"
    assert stage.targets()[0].augmentation.name == "table_s1_authors"
    stage.check(1)


def test_a_setting_without_effect_is_refused() -> None:
    assert "compile has no effect on a U-Net" in refused(compile=True)
