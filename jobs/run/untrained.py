"""An encoder that nobody trained, fit to be compared with one that was."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from harness.models.encoders import Encoder
from harness.models.initialisation import initialised
from harness.models.nets.shell import EncoderModule


def untrained(
    settings: Encoder, seed: int, channels: int, inputs: Iterable[Tensor], device: torch.device
) -> EncoderModule:
    """A freshly drawn encoder in inference mode, its batch-norm statistics estimated on `inputs`.

    No norm begins at zero: a network whose residual branches do is nearly the identity.
    """
    if "zero_init_last" in type(settings).model_fields:
        settings = settings.model_copy(update={"zero_init_last": False})
    encoder = initialised(lambda: settings.build(channels), seed, "encoder", 0).to(device)
    estimate_norms(encoder, inputs)
    return encoder


@torch.no_grad()
def estimate_norms(encoder: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Set batch-norm statistics to their averages over all inputs, and leave the encoder in inference mode."""
    norms = [module for module in encoder.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    encoder.train()
    for x_BCHW in inputs:
        encoder(x_BCHW)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    encoder.eval()
