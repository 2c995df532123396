"""The U-Net: one of our encoders, and segmentation-models-pytorch's decoder upon the encoder's maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import ConfigError, DataError
from harness.models.nets.maps import maps, widths
from harness.models.nets.shell import EncoderModule
from harness.models.unet import WIDTHS

RGB = 3
HEAD_KERNEL = 3


class DecoderModule(nn.Module):
    """Blocks that enlarge the smallest map and take in the next larger one, and a convolution to three channels.

    Args:
        blocks: segmentation-models-pytorch's `UnetDecoder`.
        head: From its channels to three.
    """

    def __init__(self, blocks: nn.Module, head: nn.Conv2d) -> None:
        super().__init__()
        self.blocks, self.head = blocks, head

    def forward(self, image_BCHW: Tensor, found: Sequence[Tensor]) -> Tensor:
        """Logits of an image, B x 3 x H x W.

        Args:
            image_BCHW: What the encoder was given, for its size alone.
            found: The encoder's maps, the largest first.
        """
        logits: Tensor = self.head(self.blocks([image_BCHW, *found]))
        return logits


class UNet(nn.Module):
    """An encoder and a decoder, from images to images.

    Args:
        encoder: Its backbone gives the maps; its own forward pass is not used here.
        decoder: Made for it.
    """

    def __init__(self, encoder: EncoderModule, decoder: DecoderModule) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Predicted images in 0..1, B x 3 x H x W, in float32 or better whatever autocast says.

        Raises:
            DataError: A side cannot be halved as often as the encoder does.
        """
        _check_sides(x_BCHW, self.encoder.least_size)
        logits = self.decoder(x_BCHW, maps(self.encoder.backbone, x_BCHW))
        return torch.sigmoid(logits.to(torch.promote_types(logits.dtype, torch.float32)))


def build_decoder(encoder: EncoderModule, in_features: int, wanted: Sequence[int] | None) -> DecoderModule:
    """The decoder for an encoder; see `harness.models.unet.Decoder`.

    Raises:
        ConfigError: The encoder's stages cannot be mirrored, or are not as many as the widths.
    """
    from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
    from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder

    channels = widths(encoder, in_features)
    chosen = _chosen(wanted, len(channels))
    blocks: Any = UnetDecoder((in_features, *channels), chosen, n_blocks=len(chosen))
    head = nn.Conv2d(chosen[-1], RGB, HEAD_KERNEL, padding=HEAD_KERNEL // 2)
    initialize_decoder(blocks)
    initialize_head(head)
    return DecoderModule(blocks, head)


def _chosen(wanted: Sequence[int] | None, stages: int) -> tuple[int, ...]:
    chosen = tuple(WIDTHS[-stages:] if wanted is None else wanted)
    if len(chosen) != stages:
        raise ConfigError(
            f"a decoder of {len(chosen)} widths stands behind an encoder of {stages} stages",
            where="decoder.widths",
            legal=f"{stages} widths" + (", or null" if stages <= len(WIDTHS) else ""),
            mend="give one width for each stage of the encoder",
        )
    return chosen


def _check_sides(x_BCHW: Tensor, reduction: int) -> None:
    height, width = x_BCHW.shape[2:]
    if height % reduction or width % reduction:
        raise DataError(
            f"images of {width} x {height} px reach a U-Net whose encoder reduces a side {reduction} times",
            legal=f"multiples of {reduction} px",
            mend="set the data's size to such a number",
        )
