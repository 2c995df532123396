"""Encoders by their settings: short forms, errors, and what they build."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from harness.config.base import Config
from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.errors import ConfigError, DataError
from harness.models.encoders import Encoder
from harness.models.encoders.mlp import MLP
from harness.models.encoders.small_conv import SmallConv
from harness.models.encoders.timm import Timm

DIGEST = "0" * 64


class Holder(Config):
    encoder: Encoder


def test_short_forms() -> None:
    assert read(Encoder, "resnet18", "grid.yaml") == Timm(model="resnet18")
    assert read(Encoder, "timm:resnet18", "grid.yaml") == Timm(model="resnet18")
    assert read(Encoder, "timm:vit_tiny_patch16_224", "grid.yaml") == Timm(model="vit_tiny_patch16_224")
    assert read(Encoder, "mlp", "grid.yaml") == MLP()
    assert read(Encoder, "small_conv", "grid.yaml") == SmallConv()


def test_plain_form_reads_back() -> None:
    for encoder in (Timm(model="resnet50", zero_init_last=False), MLP(widths=(8, 4)), SmallConv(widths=(8,))):
        assert read(Encoder, to_plain(encoder), "grid.yaml") == encoder


def test_a_misspelt_encoder_names_the_nearest_and_the_way_to_the_rest() -> None:
    with pytest.raises(ConfigError) as caught:
        read(Holder, {"encoder": "resnet81"}, "grid.yaml")
    text = str(caught.value)
    assert "unknown encoder 'resnet81'" in text
    assert "where: grid.yaml: encoder" in text
    assert "did you mean 'resnet18'?" in text
    assert "mobilenetv2_100" in text
    assert "timm:NAME" in text


def test_an_encoder_unlike_any_is_pointed_to_timm() -> None:
    with pytest.raises(ConfigError, match="write 'timm:swin' for a model of timm's"):
        read(Encoder, "swin", "grid.yaml")


def test_an_unknown_model_of_timm_fails_when_it_is_built() -> None:
    with pytest.raises(ConfigError) as caught:
        read(Encoder, "timm:resnet19", "grid.yaml").build(3)
    assert "has no model 'resnet19'" in str(caught.value)
    assert "did you mean 'resnet1" in str(caught.value)


def test_nothing_is_fetched_by_name() -> None:
    with pytest.raises(ConfigError, match="has no model 'hf-hub:timm/resnet18"):
        Timm(model="hf-hub:timm/resnet18.a1_in1k").build(3)


def test_identity_holds_the_digest_and_not_the_path() -> None:
    here = Timm(model="resnet18", weights="/a/w.safetensors", weights_digest=DIGEST)
    there = Timm(model="resnet18", weights="/b/w.safetensors", weights_digest=DIGEST)
    assert identity(here) == identity(there)
    assert identity(here)["weights_digest"] == DIGEST
    assert identity(here) != identity(Timm(model="resnet18"))


def test_weights_without_a_digest_are_refused() -> None:
    with pytest.raises(ConfigError, match="weights and weights_digest go together"):
        read(Encoder, {"name": "timm", "model": "resnet18", "weights": "w.safetensors"}, "grid.yaml")


@pytest.mark.parametrize("settings", [{"name": "mlp", "widths": []}, {"name": "small_conv", "widths": [8, 0]}])
def test_empty_widths_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="widths"):
        read(Encoder, settings, "grid.yaml")


@pytest.mark.parametrize("model", ["test_efficientnet", "test_vit", "test_convnext", "lcnet_035", "resnet10t"])
def test_the_width_is_that_of_the_output(model: str) -> None:
    """lcnet is the trap: it says 176 and yields 1280."""
    encoder = Timm(model=model).build(3).eval()
    with torch.inference_mode():
        assert encoder(torch.zeros(1, 3, 160, 160)).shape == (1, encoder.num_features)


def test_other_numbers_of_channels() -> None:
    assert Timm(model="test_resnet").build(5).eval()(torch.zeros(1, 5, 64, 64)).shape == (1, 96)


@pytest.mark.parametrize("zero", [True, False])
def test_last_norms_begin_at_zero_only_where_asked(zero: bool) -> None:
    state = Timm(model="resnet18", zero_init_last=zero).build(3).backbone.state_dict()
    lasts = [value for name, value in state.items() if name.endswith("bn2.weight")]
    assert len(lasts) == 8
    assert all(bool((value == (0 if zero else 1)).all()) for value in lasts)


def test_images_too_small_for_the_encoder_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        Timm(model="resnet18").build(3)(torch.zeros(2, 3, 24, 24))
    assert "images of 24 px are too small for this encoder, which reduces a side 32 times" in str(caught.value)
    assert "legal: 32 px or more" in str(caught.value)
    with pytest.raises(DataError, match="8 px"):
        SmallConv().build(3)(torch.zeros(2, 3, 8, 8))


def test_learnt_positions_have_one_size() -> None:
    with pytest.raises(DataError, match="images of 64 px reach an encoder that has learnt positions for 160 px"):
        Timm(model="test_vit").build(3)(torch.zeros(2, 3, 64, 64))


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (SmallConv(), (1, 3, 48, 48)),
        (SmallConv(widths=(5, 7)), (1, 2, 33, 33)),
        (MLP(widths=(32, 16)), (1, 20)),
    ],
)
def test_figures_of_our_own_encoders(config: SmallConv | MLP, shape: tuple[int, ...]) -> None:
    encoder = config.build(shape[1]).eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        assert encoder(torch.zeros(shape)).shape == (1, config.widths[-1])
    assert sum(p.numel() for p in encoder.parameters()) == config.parameters(shape[1])
    assert counter.get_total_flops() / 1e9 == pytest.approx(config.gflops(shape[-1], shape[1]))


def test_kinds_of_modality() -> None:
    assert (Timm.takes, SmallConv.takes, MLP.takes) == ("image", "image", "vector")
