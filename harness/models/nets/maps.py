"""The feature maps of a backbone, from the largest to the smallest: what a decoder looks back at.

The last map is the one that the representation is the mean over, also where a backbone
has layers behind its last stage: so everything that a probe of the encoder uses later is
trained by what is put on top of the maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.models.nets.keras_resnet import STAGES, KerasResNet50
from harness.models.nets.shell import EncoderModule
from harness.models.nets.small_conv import SmallConvNet

KERAS_LAST_BLOCKS = {f"conv{stage}_block{blocks}" for stage, (_, blocks, _) in enumerate(STAGES, 2)}


@singledispatch
def maps(backbone: nn.Module, x_BCHW: Tensor) -> list[Tensor]:
    """The output of each stage, B x C x H x W; here of timm's models, while each backbone of ours has its own way."""
    timm: Any = backbone
    last, stages = timm.forward_intermediates(x_BCHW)
    return [*stages[:-1], last]


@maps.register
def _(backbone: SmallConvNet, x_BCHW: Tensor) -> list[Tensor]:
    found = [x_BCHW]
    for stage in backbone.stages:
        found.append(stage(found[-1]))
    return found[1:]


@maps.register
def _(backbone: KerasResNet50, x_BCHW: Tensor) -> list[Tensor]:
    found = [F.relu(backbone.conv1_bn(backbone.conv1_conv(x_BCHW)))]
    h = F.max_pool2d(found[0], 3, 2, padding=1)
    for name, block in backbone.blocks.items():
        h = block(h)
        if name in KERAS_LAST_BLOCKS:
            found.append(h)
    return found


@torch.enable_grad()
def widths(encoder: EncoderModule, in_features: int) -> tuple[int, ...]:
    """How many channels each map has, found by a look at an empty image; the encoder stays as it is.

    Raises:
        ConfigError: The encoder is none that a decoder can mirror: its maps do not become
            smaller from stage to stage, or it has weights that no map depends on.
    """
    side, training = encoder.fixed_size or 2 * encoder.least_size, encoder.training
    try:
        found = maps(encoder.eval().backbone, torch.zeros(1, in_features, side, side))
    except AttributeError as error:
        raise _unfit(encoder, "has no stages") from error
    finally:
        encoder.train(training)
    _check_shapes(encoder, side, found)
    _check_reached(encoder, found[-1])
    return tuple(each.shape[1] for each in found)


def _check_shapes(encoder: EncoderModule, side: int, found: Sequence[Tensor]) -> None:
    sides = [side, *(each.shape[2] for each in found)]
    smaller = all(after < before for before, after in pairwise(sides))
    if not smaller or any(each.dim() != 4 or each.shape[2] != each.shape[3] for each in found):
        raise _unfit(encoder, f"makes of {side} px maps of the shapes {[tuple(each.shape[1:]) for each in found]}")


def _check_reached(encoder: EncoderModule, last: Tensor) -> None:
    names, weights = zip(*encoder.backbone.named_parameters(), strict=True)
    gradients = torch.autograd.grad(last.sum(), weights, allow_unused=True)
    behind = [name for name, gradient in zip(names, gradients, strict=True) if gradient is None]
    if behind:
        raise _unfit(encoder, f"has weights behind its last map, {', '.join(behind)}, which would stay untrained")


def _unfit(encoder: EncoderModule, why: str) -> ConfigError:
    return ConfigError(
        f"an encoder of the kind {type(encoder.backbone).__name__} {why}",
        where="encoder",
        legal="one whose every stage makes the image smaller and that ends in a mean, such as resnet50",
        mend="take a convolutional encoder",
    )
