"""The module of Keras' ResNet-50. Layers have Keras' names, with underscores, so that weights map one to one."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from harness.models.nets.shell import EncoderModule

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Width, blocks and stride of each stage (He et al. 2015, Table 1)."""
EXPANSION = 4
EPS, MOMENTUM = 1.001e-5, 0.01
REDUCTION = 32


class KerasResNet50(nn.Module):
    """(B, C, H, W) to (B, 2048): four stages of bottleneck blocks, then the mean over the image."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.conv1_conv = _convolution(in_features, 64, 7, 2)
        self.conv1_bn = _norm(64)
        self.blocks = nn.ModuleDict(dict(_blocks()))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Representations, B x 2048."""
        h = F.max_pool2d(F.relu(self.conv1_bn(self.conv1_conv(x_BCHW))), 3, 2, padding=1)
        for block in self.blocks.values():
            h = block(h)
        return h.mean((2, 3))


class _Block(nn.Module):
    """A bottleneck; layer 0 is the shortcut's, where widths or sizes differ."""

    def __init__(self, before: int, width: int, stride: int, shortcut: bool) -> None:
        super().__init__()
        after = EXPANSION * width
        if shortcut:
            self.conv_0, self.bn_0 = _convolution(before, after, 1, stride), _norm(after)
        self.shortcut = shortcut
        self.conv_1, self.bn_1 = _convolution(before, width, 1, stride), _norm(width)
        self.conv_2, self.bn_2 = _convolution(width, width, 3, 1), _norm(width)
        self.conv_3, self.bn_3 = _convolution(width, after, 1, 1), _norm(after)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.bn_0(self.conv_0(x)) if self.shortcut else x
        h = F.relu(self.bn_1(self.conv_1(x)))
        h = F.relu(self.bn_2(self.conv_2(h)))
        return F.relu(kept + self.bn_3(self.conv_3(h)))


def _blocks() -> Iterator[tuple[str, _Block]]:
    before = 64
    for stage, (width, blocks, stride) in enumerate(STAGES, 2):
        for number in range(1, blocks + 1):
            first = number == 1
            yield f"conv{stage}_block{number}", _Block(before, width, stride if first else 1, first)
            before = EXPANSION * width


def _convolution(before: int, after: int, kernel: int, stride: int) -> nn.Conv2d:
    layer = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2)
    nn.init.xavier_uniform_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=EPS, momentum=MOMENTUM)


def build_keras_resnet50(in_features: int) -> EncoderModule:
    """The encoder; images of at least 32 px."""
    return EncoderModule(KerasResNet50(in_features), EXPANSION * STAGES[-1][0], least_size=REDUCTION)
