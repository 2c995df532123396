"""The U-Net beside segmentation-models-pytorch's own, and its encoder beside itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import segmentation_models_pytorch as smp
import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from harness.config.read import read
from harness.distributed.batch_norm import GlobalBatchNorm2d, synchronised
from harness.errors import ConfigError, DataError
from harness.models.catalogue import KNOWN
from harness.models.encoders import Encoder
from harness.models.files import save_encoder
from harness.models.initialisation import initialised
from harness.models.nets.maps import maps
from harness.models.nets.shell import EncoderModule
from harness.models.nets.unet import UNet
from harness.models.unet import Decoder, reduction

ENCODERS = [*KNOWN, "keras_resnet50", "small_conv"]
every_encoder = pytest.mark.parametrize("name", ENCODERS)


def encoder_named(name: str) -> EncoderModule:
    return read(Encoder, name, "test").build(3)


def unet(name: str = "resnet18", seed: int = 0) -> UNet:
    encoder = initialised(lambda: encoder_named(name), seed, "encoder", 0)
    return UNet(encoder, initialised(lambda: Decoder().build(encoder, 3), seed, "decoder", 0))


def images(size: int = 64, count: int = 2) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def logits(model: UNet, x: Tensor) -> Tensor:
    found: Tensor = model.decoder(x, maps(model.encoder.backbone, x))
    return found


@pytest.mark.parametrize("name", ["resnet18", "tu-resnet18", "tu-resnet50"])
def test_it_is_the_librarys_unet(name: str) -> None:
    """With their own ResNet, whose names are torchvision's and timm's, and with timm's in their wrapper."""
    ours = unet(name.removeprefix("tu-")).eval()
    theirs = smp.Unet(name, encoder_weights=None, classes=3).eval()
    prefix = "encoder.model." if name.startswith("tu-") else "encoder."
    state = {f"{prefix}{key}": value for key, value in ours.encoder.backbone.state_dict().items()}
    state |= {f"decoder.{key}": value for key, value in ours.decoder.blocks.state_dict().items()}
    state |= {f"segmentation_head.0.{key}": value for key, value in ours.decoder.head.state_dict().items()}
    theirs.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(logits(ours, images()), theirs(images()))
        assert torch.equal(ours(images()), theirs(images()).sigmoid())


def test_its_weights_begin_as_the_librarys() -> None:
    ours = initialised(lambda: Decoder().build(encoder_named("resnet18"), 3), 0, "decoder", 0)
    torch.manual_seed(0)
    theirs = smp.Unet("resnet18", encoder_weights=None, classes=3)
    pairs = zip(ours.parameters(), [*theirs.decoder.parameters(), *theirs.segmentation_head.parameters()], strict=True)
    for mine, other in pairs:
        assert mine.shape == other.shape
        assert mine.std(correction=0).item() == pytest.approx(other.std(correction=0).item(), rel=0.1, abs=1e-9)
        assert mine.mean().item() == pytest.approx(other.mean().item(), abs=0.05)


@every_encoder
def test_the_last_map_is_what_the_representation_is_the_mean_of(name: str) -> None:
    encoder = encoder_named(name).eval()
    with torch.no_grad():
        found = maps(encoder.backbone, images())
        torch.testing.assert_close(found[-1].mean((2, 3)), encoder(images()), rtol=1e-5, atol=1e-6)


@every_encoder
def test_every_weight_is_trained(name: str) -> None:
    """A weight without a gradient would keep ranks waiting for it."""
    model = unet(name)
    model(images()).sum().backward()
    assert [key for key, weight in model.named_parameters() if weight.grad is None] == []


@every_encoder
def test_images_come_out_as_large_as_they_went_in(name: str) -> None:
    model = unet(name).eval()
    side = 2 * model.encoder.least_size
    with torch.no_grad():
        found = model(images(side))
    assert found.shape == (2, 3, side, side)
    assert 0 < found.min() < found.max() < 1


@every_encoder
def test_the_reduction_is_known_without_torch(name: str) -> None:
    assert reduction(read(Encoder, name, "test")) == encoder_named(name).least_size


def test_the_reduction_of_another_encoder_is_not_known() -> None:
    assert reduction(read(Encoder, "timm:densenet121", "test")) is None


def test_a_saved_encoder_loads_into_timm_with_the_features_of_the_bottleneck(tmp_path: Path) -> None:
    model = unet("resnet18")
    model(images(count=4)).sum().backward()
    with torch.no_grad():
        for weight in model.parameters():
            weight -= 1e-4 * weight.grad
    model.eval()
    save_encoder(tmp_path / "encoder_0.safetensors", model.encoder, {})
    theirs = timm.create_model("resnet18", num_classes=0).eval()
    theirs.load_state_dict(load_file(tmp_path / "encoder_0.safetensors"))
    with torch.no_grad():
        pooled = maps(model.encoder.backbone, images())[-1].mean((2, 3))
        assert torch.equal(theirs(images()), model.encoder(images()))
        torch.testing.assert_close(theirs(images()), pooled, rtol=1e-6, atol=1e-6)


def test_looking_for_widths_leaves_the_encoder_as_it_was() -> None:
    one, other = (initialised(lambda: encoder_named("efficientnet_b0"), 0, "encoder", 0) for _ in range(2))
    random = torch.get_rng_state()
    with torch.no_grad():
        initialised(lambda: Decoder().build(one, 3), 0, "decoder", 0)
    assert torch.equal(random, torch.get_rng_state())
    assert one.training
    assert all(layer.training for layer in one.modules())
    assert all(weight.grad is None for weight in one.parameters())
    for mine, theirs in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)


def test_all_its_batch_norms_go_over_the_ranks() -> None:
    model = synchronised(unet())
    norms = [layer for layer in model.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    assert len(norms) == 20 + 10
    assert {type(norm) for norm in norms} == {GlobalBatchNorm2d}


def test_under_autocast_the_prediction_is_in_single_precision() -> None:
    model = unet("small_conv")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert logits(model, images()).dtype == torch.bfloat16
        assert model(images()).dtype == torch.float32
    assert model.double()(images().double()).dtype == torch.float64


@pytest.mark.parametrize(("size", "name", "step"), [(48, "resnet18", 32), (24, "small_conv", 16)])
def test_a_side_that_cannot_be_halved_is_refused(size: int, name: str, step: int) -> None:
    with pytest.raises(DataError) as caught:
        unet(name)(images(size))
    assert f"images of {size} x {size} px" in str(caught.value)
    assert f"multiples of {step} px" in str(caught.value)


def test_widths_are_the_librarys_or_ones_own() -> None:
    def blocks(name: str, widths: tuple[int, ...] | None = None) -> list[int]:
        decoder = Decoder(widths=widths).build(encoder_named(name), 3)
        return [block.conv2[0].out_channels for block in decoder.blocks.blocks]

    assert blocks("resnet18") == [256, 128, 64, 32, 16]
    assert blocks("small_conv") == [128, 64, 32, 16]
    assert blocks("small_conv", (8, 8, 4, 4)) == [8, 8, 4, 4]
    with pytest.raises(ConfigError) as caught:
        blocks("resnet18", (8, 4))
    assert "a decoder of 2 widths stands behind an encoder of 5 stages" in str(caught.value)
    assert "5 widths, or null" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("timm:vit_tiny_patch16_224", "makes of 224 px maps of the shapes [(192, 14, 14), "),
        ("timm:convnext_atto", "has weights behind its last map, head.norm.weight, head.norm.bias"),
        ("mlp", "has no stages"),
    ],
)
def test_an_encoder_that_no_decoder_can_mirror_is_refused(name: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Decoder().build(encoder_named(name), 3)
    assert why in str(caught.value)
    assert "such as resnet50" in str(caught.value)
