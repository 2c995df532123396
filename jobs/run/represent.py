"""From stored patches to an encoder's representations, as they are or augmented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from harness.data.augment import Augmenter
from harness.data.source import partner_rows
from harness.data.views import View

if TYPE_CHECKING:
    from harness.data.packed import PackedSet
    from harness.models.nets.shell import EncoderModule

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
    viewed = Viewed(packed, view, device)
    for start in range(0, len(rows), BATCH):
        yield viewed(rows[start : start + BATCH])


class Viewed:
    """A view of any rows of a data set.

    Args:
        packed: The data set.
        view: What of each sample is looked at.
        device: Where the samples go.
    """

    def __init__(self, packed: PackedSet, view: View, device: torch.device) -> None:
        self.stored, self.partners = packed.array(view.modality), partner_rows(packed, view.partner)
        self.keys, self.to_view, self.device = packed.keys, view.build(), device

    def __call__(self, rows: NDArray[np.int64]) -> Tensor:
        """One batch, uint8 B x H x W x 3 or vectors."""
        taken = torch.from_numpy(np.ascontiguousarray(self.stored[self.partners[rows]])).to(self.device)
        return self.to_view(taken, self.keys[rows])


class AugmentedFeatures:
    """Representations of patches that are augmented anew in each epoch, by a frozen encoder.

    The draws are those of a pre-training run of the same seed: keyed by the epoch, the
    sample and the branch, so that neither the order nor the batch changes them. Batches
    lie in memory as those of `plain_inputs` do, because a convolution may round
    otherwise where they lie otherwise.

    Args:
        encoder: In inference mode.
        viewed: Gives the patches.
        augment: What is done to them.
        standardise: The last step before the encoder.
        branch: The number under which draws are made.
    """

    def __init__(
        self,
        encoder: EncoderModule,
        viewed: Viewed,
        augment: Augmenter,
        standardise: Callable[[Tensor], Tensor],
        branch: int,
    ) -> None:
        self.encoder, self.viewed, self.augment = encoder, viewed, augment
        self.standardise, self.branch = standardise, branch
        self.num_features = encoder.num_features

    def __call__(self, epoch: int, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The features of some rows in an epoch, rows x features."""
        parts = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
        return represent(self.encoder, (self._inputs(epoch, part) for part in parts))

    def _inputs(self, epoch: int, rows: NDArray[np.int64]) -> Tensor:
        x = self.augment(self.viewed(rows), self.viewed.keys[rows], epoch, self.branch)
        return self.standardise(x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x)


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
