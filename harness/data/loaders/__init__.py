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
from harness.data.source import Source, partner_rows
from harness.data.stored import StoredArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """The rows of one step on one rank.

    Attributes:
        arrays: Per source asked for, uint8 (B, H, W, C) or float32 (B, D), on the CPU or on
            the device that the loader was built for, its own to write to.
        rows: int64, the row numbers in the pack.
        keys: uint64, the samples' keys.
    """

    arrays: tuple[Tensor, ...]
    rows: NDArray[np.int64]
    keys: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Column:
    """An array of a pack as one source sees it.

    Attributes:
        stored: The array.
        partners: For each row of the pack the row that is read in its place; None where each is its own.
    """

    stored: StoredArray
    partners: NDArray[np.int64] | None

    def places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of the array that these rows of the pack stand for."""
        return rows if self.partners is None else self.partners[rows]


def columns(packed: PackedSet, sources: Sequence[Source]) -> list[Column]:
    """The arrays that the sources name.

    Raises:
        ConfigError: The data do not have a modality.
        DataError: A sample has no partner.
    """
    stored = [packed.stored(source.modality) for source in sources]
    kinds = {source.partner for source in sources} - {"self"}
    partners = {kind: partner_rows(packed, kind) for kind in kinds}
    return [Column(array, partners.get(source.partner)) for array, source in zip(stored, sources, strict=True)]


def first_alike(columns: Sequence[Column]) -> list[int]:
    """For each column the first one that holds the same: itself, unless a source stands twice."""
    same = [(one.stored, id(one.partners)) for one in columns]
    return [same.index(one) for one in same]


Load = Callable[[Iterable[NDArray[np.int64]]], Iterator[Batch]]
"""From the row numbers of each step to its batch, in order. What a call sets up it
sets up once, so one call serves a whole training and not an epoch."""


class Loader(Family, package="harness.data.loaders"):
    """A way to fetch rows; a member says how."""

    def build(self, packed: PackedSet, sources: Sequence[Source], device: torch.device) -> Load:
        """The function that fetches rows of `packed`.

        Args:
            packed: The data.
            sources: Which arrays a batch has, in this order; one may stand twice.
            device: Where the training runs; a loader may put its batches there.

        Raises:
            ConfigError: The data do not have a modality.
            DataError: A sample has no partner where a source asks for one.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it loads")
