"""A trained U-Net at work: predicted images of any rows, as they are without augmentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.errors import DataError
from jobs.run.represent import Viewed, as_floats

if TYPE_CHECKING:
    from harness.data.packed import PackedSet
    from harness.models.nets.unet import UNet
    from jobs.run.feed import Feed
    from jobs.translate import Translate

BATCH = 32


@dataclass(frozen=True)
class Painted:
    """Some rows of the data set: what the encoder saw, what was predicted and what is there.

    Attributes:
        rows: Row numbers.
        seen: The view in 0..1, B x 3 x H x W.
        predicted: The same shape and scale, as are targets.
        target: What should have been predicted.
    """

    rows: NDArray[np.int64]
    seen: Tensor
    predicted: Tensor
    target: Tensor


class Painter:
    """Predicts in inference mode and in float32.

    Args:
        model: The U-Net, whose mode is changed.
        feed: What it was trained with.
        stage: Its settings.
    """

    def __init__(self, model: UNet, feed: Feed, stage: Translate) -> None:
        device = feed.work.world.device
        self.model, self.standardise = model.eval(), feed.inputs[0].standardise
        self.views = [Viewed(feed.packed, view, device) for view in (stage.view, stage.target)]

    def __call__(self, rows: NDArray[np.int64], share: tuple[int, int] = (0, 1)) -> Iterator[Painted]:
        """Batches of some rows, in their order.

        Args:
            rows: Of the data set.
            share: Of how many parts which one is wanted. Parts are made of the same batches,
                so an image does not depend on how many share the work.
        """
        part, parts = share
        for number, start in enumerate(range(0, len(rows), BATCH)):
            if number % parts == part:
                yield self._painted(rows[start : start + BATCH])

    @torch.no_grad()
    def _painted(self, rows: NDArray[np.int64]) -> Painted:
        seen, target = (as_floats(view(rows)) for view in self.views)
        return Painted(rows, seen, self.model(self.standardise(seen)), target)


def rows_of(packed: PackedSet, splits: str) -> NDArray[np.int64]:
    """The rows of some splits, named as in `train+test`, in ascending order; those of a split without any are none."""
    return np.flatnonzero(np.isin(packed.splits, splits.split("+")))


def check_data(packed: PackedSet, stage: Translate) -> None:
    """Check what only the data can tell.

    Raises:
        DataError: A view or target is of vectors, or a split whose images are to be written is empty.
    """
    for place, view in (("view", stage.view), ("target", stage.target)):
        if packed.kind(view.modality) != "image":
            raise DataError(
                f"the modality {view.modality!r} of {packed.name!r} holds vectors, and a U-Net is one of images",
                where=place,
                legal=[name for name in packed.arrays if packed.kind(name) == "image"],
            )
    if stage.write_images != "none" and not len(rows_of(packed, "test")):
        raise DataError(
            f"no sample of {packed.name!r} is of the split 'test', of which images are to be written",
            where="write_images",
            legal="none",
        )
