"""Batch norms for each domain under weights that are otherwise shared.

Two branches that share an encoder normalise each batch by its own statistics in
training, but have one set of running statistics and one scale and shift: in inference
an H&E image is then normalised by the average of two stains. Here each domain has its
own (Chang et al., "Domain-Specific Batch Normalization for Unsupervised Domain
Adaptation", CVPR 2019), and every other tensor is one.
"""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from harness.models.nets.shell import EncoderModule


def with_own_norms(encoder: EncoderModule) -> EncoderModule:
    """An encoder with the very weights of another one, and batch norms of its own that begin as the other's are.

    Args:
        encoder: The other one; it stays as it is.
    """
    twin = copy.deepcopy(encoder)
    for own, others in zip(twin.modules(), encoder.modules(), strict=True):
        if not isinstance(others, _BatchNorm):
            _tie(own, others)
    return twin


def _tie(own: nn.Module, others: nn.Module) -> None:
    """Put the other module's own parameters and buffers, not those of its children, in the place of these."""
    for name, parameter in others.named_parameters(recurse=False):
        own.register_parameter(name, parameter)
    for name, buffer in others.named_buffers(recurse=False):
        own.register_buffer(name, buffer)
