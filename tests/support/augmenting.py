"""Batches with no randomness in them, and Table S1 with all but some operations switched off."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.shared import TableS1Family
from harness.data.augment.table_s1 import TableS1

Kind = TypeVar("Kind", bound=TableS1Family)
OFF = {f"{name}_probability": 0.0 for name in ("flip", "crop", "noise", "rotation", "solarize", "jitter")}


def only(**settings: Any) -> TableS1:
    """The paper's Table S1 with nothing but what `settings` switches on."""
    return only_of(TableS1, **settings)


def only_of(kind: type[Kind], **settings: Any) -> Kind:
    """A protocol of Table S1 with nothing but what `settings` switches on."""
    return kind(**(OFF | settings))


def keys(count: int) -> npt.NDArray[np.uint64]:
    """Sample keys that fill 64 bits."""
    return np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def images(count: int, side: int = 16, channels: int = 3) -> Tensor:
    """Bytes of (count, side, side, channels) with smooth parts, sharp ones, and a black corner."""
    n, i, j, c = np.meshgrid(np.arange(count), np.arange(side), np.arange(side), np.arange(channels), indexing="ij")
    values = 40 * (n % 5) + 97 * i * j // side + 13 * c * (i + 1) + 31 * ((i // 3 + j // 2) % 2) * (c + 1)
    values[:, : side // 3, : side // 2] = 0
    return torch.from_numpy((values % 256).astype(np.uint8))


def unit(x_BHWC: Tensor) -> npt.NDArray[np.float64]:
    """The same on 0 to 1 in float64, for the oracles."""
    scaled: npt.NDArray[np.float64] = x_BHWC.numpy().astype(np.float64) / 255
    return scaled


def channels_last(x_BCHW: Tensor) -> npt.NDArray[np.float64]:
    """Back to the oracles' order of dimensions."""
    ordered: npt.NDArray[np.float64] = x_BCHW.permute(0, 2, 3, 1).double().numpy()
    return ordered
