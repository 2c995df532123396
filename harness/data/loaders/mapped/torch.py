"""A DataLoader whose items are whole batches: the rows of a step, copied out of the mapped arrays."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.context import BaseContext
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from harness.data.loaders import Batch, Column
from harness.data.stored import StoredArray

Item = tuple[NDArray[np.int64], list[torch.Tensor]]


class Rows(Dataset[Item]):
    """Indexed by the row numbers of a batch; each process maps the files at its first batch.

    Args:
        columns: The arrays of an item, in order.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.maps: dict[StoredArray, np.memmap[Any, np.dtype[Any]]] = {}

    def __getitem__(self, rows: NDArray[np.int64]) -> Item:
        return rows, [torch.from_numpy(self._map(one.stored)[one.places(rows)]) for one in self.columns]

    def __getstate__(self) -> dict[str, Any]:
        """Without the maps: pickled, they would be the whole data set."""
        return {"columns": self.columns, "maps": {}}

    def _map(self, array: StoredArray) -> NDArray[Any]:
        if array not in self.maps:
            self.maps[array] = array.open()
        return self.maps[array].view(np.ndarray)


class MappedLoad:
    """From row numbers to batches.

    Args:
        columns: The arrays of a batch, in order.
        keys: The key of every row.
        num_workers: Processes that fetch ahead; 0 fetches in this one.
    """

    def __init__(self, columns: Sequence[Column], keys: NDArray[np.uint64], num_workers: int) -> None:
        self.data, self.keys, self.num_workers = Rows(columns), keys, num_workers

    def __call__(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        """The batch of each array of row numbers, in order; `batches` is read as far ahead as workers fetch."""
        for rows, arrays in self._loader(batches):
            yield Batch(tuple(arrays), rows, self.keys[rows])

    def _loader(self, batches: Iterable[NDArray[np.int64]]) -> DataLoader[Item]:
        """The generator is there because a DataLoader draws from torch's global one otherwise."""
        return DataLoader(
            self.data,
            batch_size=None,
            sampler=cast(Iterable[Any], batches),
            num_workers=self.num_workers,
            collate_fn=_as_is,
            multiprocessing_context=_fork_server() if self.num_workers else None,
            generator=torch.Generator(),
        )


def _fork_server() -> BaseContext:
    """Workers are forked from a process that has torch and nothing else: one with threads or a GPU may hang."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _as_is(item: Any) -> Any:
    """An item is a batch already; the default would turn its row numbers into a tensor."""
    return item
