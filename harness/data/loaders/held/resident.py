"""Arrays read whole into memory, once, and batches gathered from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import RawIOBase
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.data.index import MEND
from harness.data.loaders import Batch, Column
from harness.data.loaders.held.free import check_fits
from harness.data.stored import StoredArray
from harness.errors import StoreError

AT_A_TIME = 1 << 26
"""Bytes that one read asks for, and that lie in the host's memory on their way to a device."""
DTYPES = {"|u1": torch.uint8, "<f4": torch.float32}
CPU = torch.device("cpu")

Held = Mapping[StoredArray, Tensor]


def held(columns: Sequence[Column], device: torch.device | None) -> Held:
    """The arrays that the columns need, each once.

    Args:
        columns: Which.
        device: In whose memory; None for the host's.

    Raises:
        ConfigError: They do not fit.
        StoreError: A file is cut short.
    """
    arrays = list(dict.fromkeys(column.stored for column in columns))
    at = device or CPU
    check_fits(sum(num_bytes(array) for array in arrays), at)
    return {array: _read(array, at) for array in arrays}


def num_bytes(array: StoredArray) -> int:
    """The bytes of an array."""
    return math.prod(array.shape) * np.dtype(array.dtype).itemsize


def _read(array: StoredArray, device: torch.device) -> Tensor:
    """The array, read to where it stays: on the host directly, on a device by way of one pinned block."""
    tensor = torch.empty(array.shape, dtype=DTYPES[array.dtype], device=device)
    flat = tensor.view(-1).view(torch.uint8)
    with open(array.path, "rb", buffering=0) as file:
        if device == CPU:
            _fill(flat, file, array.path)
        else:
            _fill_device(flat, file, array.path)
    return tensor


def _fill_device(flat: Tensor, file: RawIOBase, path: Path) -> None:
    block = torch.empty(min(AT_A_TIME, len(flat)), dtype=torch.uint8, pin_memory=True)
    for start in range(0, len(flat), AT_A_TIME):
        part = flat[start : start + AT_A_TIME]
        _fill(block[: len(part)], file, path)
        part.copy_(block[: len(part)])


def _fill(target: Tensor, file: RawIOBase, path: Path) -> None:
    """Fill the host's memory from a file, in large reads."""
    left = memoryview(target.numpy().data)
    while left:
        count = file.readinto(left[:AT_A_TIME])
        if not count:
            raise StoreError(f"the packed file {str(path)!r} ends {len(left)} bytes too early", mend=MEND)
        left = left[count:]


class ResidentLoad:
    """From row numbers to batches, on the device whose memory holds the arrays.

    Args:
        columns: The arrays of a batch, in order.
        held: What they look into.
        keys: The key of every row.
    """

    def __init__(self, columns: Sequence[Column], held: Held, keys: NDArray[np.uint64]) -> None:
        self.columns, self.held, self.keys = tuple(columns), held, keys

    def __call__(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        """The batch of each array of row numbers, in order."""
        for rows in batches:
            yield Batch(tuple(self._gathered(column, rows) for column in self.columns), rows, self.keys[rows])

    def _gathered(self, column: Column, rows: NDArray[np.int64]) -> Tensor:
        """The rows; on a CPU by numpy, which copies a row as one block where torch goes number by number."""
        array, places = self.held[column.stored], column.places(rows)
        if array.device == CPU:
            return torch.from_numpy(array.numpy()[places])
        return array.index_select(0, torch.from_numpy(places).to(array.device))
