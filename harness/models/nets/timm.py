"""timm's models as encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import timm
from torch import Tensor, nn

from harness.errors import ConfigError, DataError, did_you_mean
from harness.models.nets.shell import EncoderModule


def build_timm(name: str, in_features: int, zero_init_last: bool) -> EncoderModule:
    """An untrained model of timm's without its classifier.

    Nothing is downloaded, whatever the name.

    Raises:
        ConfigError: timm has no such model, with the nearest name that it has.
    """
    _check_known(name)
    backbone = _create(name, in_features, zero_init_last)
    return EncoderModule(backbone, _width(backbone), _reduction(backbone), _fixed_size(backbone))


@dataclass(frozen=True)
class Pretrained:
    """Weights that timm publishes.

    Attributes:
        model: The architecture, as an encoder names it.
        state: The backbone's weights by name, without a classifier.
        mean: Of each input channel, on a scale of 0..1, as they were trained with.
        std: The same.
    """

    model: str
    state: Mapping[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def fetch_pretrained(name: str) -> Pretrained:
    """Fetch what timm publishes under a name such as ``resnet50.a1_in1k``, or find it in its cache.

    Raises:
        ConfigError: timm has no such model, or no weights for it.
        DataError: They cannot be fetched from here.
    """
    _check_known(name)
    published = timm.list_pretrained()
    if not timm.models.is_model_pretrained(name):
        raise ConfigError(f"timm {timm.__version__} has no weights for {name!r}", mend=did_you_mean(name, published))
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # whatever the hub's client raises where there is no network
        raise DataError(
            f"the weights of {name!r} cannot be fetched: {error}",
            mend="run this where there is a network, and copy the file that it writes",
        ) from error
    settings: Any = model.pretrained_cfg
    return Pretrained(name.partition(".")[0], model.state_dict(), tuple(settings["mean"]), tuple(settings["std"]))


def _check_known(name: str) -> None:
    if not timm.is_model(name):
        raise ConfigError(
            f"timm {timm.__version__} has no model {name!r}",
            legal="a name of timm.list_models()",
            mend=did_you_mean(name, timm.list_models()),
        )


def _create(name: str, in_features: int, zero_init_last: bool) -> nn.Module:
    settings: dict[str, Any] = {"pretrained": False, "num_classes": 0, "in_chans": in_features}
    try:
        model: nn.Module = timm.create_model(name, zero_init_last=zero_init_last, **settings)
    except TypeError as error:  # raised by the call itself, before any random number is drawn
        if "zero_init_last" not in str(error):
            raise
        model = timm.create_model(name, **settings)
    return model


def _width(backbone: Any) -> int:
    """What the forward pass yields: some models keep a layer after the pooled features (lcnet: 176, then 1280)."""
    return int(getattr(backbone, "head_hidden_size", None) or backbone.num_features)


def _reduction(backbone: Any) -> int:
    stages = getattr(backbone, "feature_info", None) or [{}]
    return int(stages[-1].get("reduction", 1))


def _fixed_size(backbone: Any) -> int | None:
    settings = getattr(backbone, "default_cfg", None) or {}
    return int(settings["input_size"][-1]) if settings.get("fixed_input_size") else None
