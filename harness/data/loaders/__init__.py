"""Loaders: fetch the rows that an order names, one back end a file.

Nothing in a loader is random and none changes a byte: the same rows give the same
batches under every loader, number of workers and ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.config.family import Family
from harness.data.packed import PackedSet

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """The rows of one step on one rank.

    Attributes:
        arrays: Per modality asked for, uint8 (B, H, W, C) or float32 (B, D), on the CPU, its own to write to.
        rows: int64, the row numbers in the pack.
        keys: uint64, the samples' keys.
    """

    arrays: tuple[Tensor, ...]
    rows: NDArray[np.int64]
    keys: NDArray[np.uint64]


Load = Callable[[Iterable[NDArray[np.int64]]], Iterator[Batch]]
"""From the row numbers of each step to its batch, in order. What a call sets up it
sets up once, so one call serves a whole training and not an epoch."""


class Loader(Family, package="harness.data.loaders"):
    """A way to fetch rows; a member says how."""

    def build(self, packed: PackedSet, modalities: Sequence[str]) -> Load:
        """The function that fetches rows of `packed`.

        Args:
            packed: The data.
            modalities: Which arrays a batch has, in this order; one may stand twice.

        Raises:
            ConfigError: The data do not have a modality.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it loads")
