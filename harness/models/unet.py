"""The U-Net's decoder: from an encoder's maps back to an image (Ronneberger, Fischer and Brox 2015).

The paper's baseline has a ResNet-50 in it; the rest here is segmentation-models-pytorch's
U-Net with that library's own widths, so that "a U-Net with a ResNet-50 backbone" means
what it usually means. The encoder is one of ours, so it is saved and probed as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from harness.config.base import Config
from harness.models.catalogue import KNOWN
from harness.models.encoders import Encoder
from harness.models.encoders.keras_resnet50 import KerasResNet50
from harness.models.encoders.small_conv import SmallConv
from harness.models.encoders.timm import Timm

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule
    from harness.models.nets.unet import DecoderModule

WIDTHS = (256, 128, 64, 32, 16)
REDUCTION = 32


class Decoder(Config):
    """A decoder's settings.

    Attributes:
        widths: Channels after each of its blocks, one for each stage of the encoder; None
            takes the last ones of 256, 128, 64, 32, 16.
    """

    widths: Annotated[tuple[Annotated[int, Field(gt=0)], ...] | None, Field(min_length=1)] = None

    def build(self, encoder: EncoderModule, in_features: int) -> DecoderModule:
        """The module behind an encoder, freshly initialised from the global random state.

        Args:
            encoder: What it mirrors.
            in_features: Channels of the encoder's images.

        Raises:
            ConfigError: The encoder's stages cannot be mirrored, or are not as many as the widths.
        """
        from harness.models.nets.unet import build_decoder

        return build_decoder(encoder, in_features, self.widths)


def reduction(encoder: Encoder) -> int | None:
    """How many times an encoder makes a side smaller, without torch; None where that is not known."""
    if isinstance(encoder, SmallConv):
        return int(2 ** len(encoder.widths))
    known = isinstance(encoder, KerasResNet50) or (isinstance(encoder, Timm) and encoder.model in KNOWN)
    return REDUCTION if known else None
