"""timm's models as encoders."""

from __future__ import annotations

from typing import Any

import timm
from torch import nn

from harness.errors import ConfigError, did_you_mean
from harness.models.nets.shell import EncoderModule


def build_timm(name: str, in_features: int, zero_init_last: bool) -> EncoderModule:
    """An untrained model of timm's without its classifier.

    Nothing is downloaded, whatever the name.

    Raises:
        ConfigError: timm has no such model, with the nearest name that it has.
    """
    if not timm.is_model(name):
        raise ConfigError(
            f"timm {timm.__version__} has no model {name!r}",
            legal="a name of timm.list_models()",
            mend=did_you_mean(name, timm.list_models()),
        )
    backbone = _create(name, in_features, zero_init_last)
    return EncoderModule(backbone, _width(backbone), _reduction(backbone), _fixed_size(backbone))


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
