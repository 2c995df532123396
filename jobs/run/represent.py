"""From stored patches to an encoder's representations, without augmentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from harness.data.source import partner_rows
from harness.data.views import View

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

BATCH = 256


@torch.no_grad()
def represent(encoder: nn.Module, inputs: Iterator[Tensor]) -> NDArray[np.float32]:
    """Representations of all inputs, samples x features, in float32 and in the mode that the encoder is in."""
    found: NDArray[np.float32] = torch.cat([encoder(x_BCHW).float().cpu() for x_BCHW in inputs]).numpy()
    return found


def plain_inputs(
    packed: PackedSet,
    view: View,
    rows: NDArray[np.int64],
    standardise: Callable[[Tensor], Tensor],
    device: torch.device,
) -> Iterator[Tensor]:
    """Batches of a view of some rows as an encoder takes them, in order, the last one smaller."""
    for x in seen(packed, view, rows, device):
        yield standardise(as_floats(x))


def seen(packed: PackedSet, view: View, rows: NDArray[np.int64], device: torch.device) -> Iterator[Tensor]:
    """Batches of a view of some rows, uint8 B x H x W x 3 or vectors, in order, the last one smaller."""
    stored, partners = packed.array(view.modality), partner_rows(packed, view.partner)
    to_view = view.build()
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        taken = torch.from_numpy(np.ascontiguousarray(stored[partners[part]])).to(device)
        yield to_view(taken, packed.keys[part])


def as_floats(x_BHWC: Tensor) -> Tensor:
    """Stored images as B x C x H x W in 0..1; vectors as they are."""
    if x_BHWC.dtype != torch.uint8:
        return x_BHWC.float()
    return x_BHWC.permute(0, 3, 1, 2).float().div(255)


class Standardise:
    """(x - mean) / std for each channel, with the statistics of the training set.

    Args:
        mean: One number a channel, on the scale 0..1; none leaves the input as it is.
        std: The same.
        device: Where the inputs lie.
    """

    def __init__(self, mean: ArrayLike, std: ArrayLike, device: torch.device) -> None:
        self.mean = torch.from_numpy(np.asarray(mean, dtype=np.float32)).to(device)
        self.scale = torch.from_numpy(1 / np.maximum(np.asarray(std, dtype=np.float32), 1e-6)).to(device)

    def __call__(self, x_BC: Tensor) -> Tensor:
        """Standardise a batch whose second axis holds the channels."""
        shape = (1, -1, *[1] * (x_BC.dim() - 2))
        return (x_BC - self.mean.view(shape)) * self.scale.view(shape)
