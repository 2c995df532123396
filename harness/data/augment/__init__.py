"""Augmentations: how a branch's view is varied anew in every epoch, one kind a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from harness.config.family import Family

if TYPE_CHECKING:
    from torch import Tensor


class Augmenter(Protocol):
    """What an augmentation builds: a function of a batch and of the keys of its samples."""

    def __call__(self, x: Tensor, keys: npt.NDArray[np.uint64], epoch: int, branch: int) -> Tensor:
        """The batch as a branch's encoder takes it.

        Args:
            x: Images, uint8 of (B, H, W, C) with one channel or three; or vectors, float32 of (B, D).
            keys: The key of each sample, (B,).
            epoch: Counted from 0.
            branch: The branch's number.

        Returns:
            Images, contiguous float32 of (B, C, H, W) in [0, 1], on the device of `x`;
            vectors unchanged.

        Raises:
            DataError: `x` is neither.
        """


class Augmentation(Family, package="harness.data.augment"):
    """A way to vary a batch of images; vectors pass through every one of them."""

    def build(self, seed: int) -> Augmenter:
        """The augmentation as a function, its draws keyed by `seed` and by nothing that it keeps.

        Raises:
            ConfigError: The seed is out of range.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is built")

    def backend_on(self, device: str) -> str:
        """Who computes on a kind of device, such as `cpu`; a run records it.

        Raises:
            ConfigError: What the settings ask for does not run there.
            MissingDependencyError: It is not installed.
        """
        return "torch"
