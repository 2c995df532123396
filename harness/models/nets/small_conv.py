"""The module of the small convolutional encoder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from harness.models.nets.shell import EncoderModule


class SmallConvNet(nn.Module):
    """Stages of convolution (stride 2), batch norm and ReLU, then the mean over the image."""

    def __init__(self, in_features: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.stages = nn.Sequential(*(_stage(before, after) for before, after in pairwise((in_features, *widths))))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Representations, B x widths[-1]."""
        h_BCHW: Tensor = self.stages(x_BCHW)
        return h_BCHW.mean((2, 3))


def _stage(before: int, after: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def build_small_conv(in_features: int, widths: Sequence[int]) -> EncoderModule:
    """The encoder; images of at least one pixel after the last stage."""
    return EncoderModule(SmallConvNet(in_features, widths), widths[-1], least_size=2 ** len(widths))
