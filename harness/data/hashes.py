"""The SHA-256 of many files, or of an array's rows, remembered by path, size and time of change.

A second call over 100,000 files costs their `stat` only. What is remembered is
trusted for planning alone: a pack reads every file and row once and compares the bytes
it packs with the hash.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.pixels import Pixels
from harness.errors import DataError
from harness.files import locked, sha256_of, write_atomic

CACHE_NAME = "file_hashes.json"
SETTLED_NS = 2_000_000_000
"""A file changed less than this ago may change again within one tick of its clock: it is not remembered."""
PART = 256
"""Files that a thread takes at a time."""

Entry = tuple[int, int, str]
"""Size in bytes, time of change in ns, SHA-256; of an array's rows, theirs with blanks between them."""


def file_hashes(paths: Sequence[Path], cache: Path | None = None) -> dict[Path, str]:
    """The SHA-256 of every file.

    Args:
        paths: The files.
        cache: A folder whose `file_hashes.json` remembers them; none remembers nothing.

    Raises:
        DataError: A file is missing or cannot be read.
    """
    known = _remembered(cache)
    parts = [paths[start : start + PART] for start in range(0, len(paths), PART)]
    with ThreadPoolExecutor(num_threads()) as pool:
        found = pool.map(lambda part: [_entry(path, known) for path in part], parts)
        entries = dict(zip(paths, itertools.chain.from_iterable(found), strict=True))
    _remember(cache, {str(path.absolute()): entry for path, entry in entries.items()}, known)
    return {path: entry[2] for path, entry in entries.items()}


def row_hashes(pixels: Pixels, cache: Path | None = None) -> tuple[str, ...]:
    """The SHA-256 of every sample's image, its shape included, so that neither path nor order has a part in it.

    Args:
        pixels: The images of one array.
        cache: A folder whose `file_hashes.json` remembers those of an array with a path.

    Raises:
        DataError: A pixel is outside its range, or the array's file is gone.
    """
    if pixels.path is None:
        rows = _hashes_of_rows(pixels)
    else:
        key = f"{pixels.path.absolute()}[{'' if pixels.channel is None else pixels.channel}]"
        known = _remembered(cache)
        size, changed = _stamp(pixels.path)
        held = known.get(key)
        if held is not None and held[:2] == (size, changed):
            rows = held[2].split()
        else:
            rows = _hashes_of_rows(pixels)
            _remember(cache, {key: (size, changed, " ".join(rows))}, known)
    return tuple(rows) if pixels.order is None else tuple(rows[row] for row in pixels.order.tolist())


def _hashes_of_rows(pixels: Pixels) -> list[str]:
    with ThreadPoolExecutor(num_threads()) as pool:
        return list(pool.map(lambda row: array_hash(pixels.stored(row)), range(len(pixels.array))))


def array_hash(array: NDArray[Any]) -> str:
    """The SHA-256 of an array's type, shape and little-endian bytes."""
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode() + plain.tobytes()).hexdigest()


def num_threads() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _entry(path: Path, known: Mapping[str, Entry]) -> Entry:
    size, changed = _stamp(path)
    entry = known.get(str(path.absolute()))
    if entry is not None and entry[:2] == (size, changed):
        return entry
    try:
        return size, changed, sha256_of(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in ns."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.st_size, found.st_mtime_ns


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"the file {str(path)!r} cannot be read: {error.strerror or error}",
        mend="restore the file, or take its sample out of the data set",
    )


def _remembered(cache: Path | None) -> dict[str, Entry]:
    """What the cache knows; a cache that cannot be read knows nothing, for it can be made again."""
    if cache is None:
        return {}
    try:
        stored = json.loads((cache / CACHE_NAME).read_text(encoding="utf-8"))
        return {path: (int(size), int(changed), str(sha)) for path, (size, changed, sha) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(cache: Path | None, entries: Mapping[str, Entry], known: Mapping[str, Entry]) -> None:
    settled = time.time_ns() - SETTLED_NS
    new = {key: entry for key, entry in entries.items() if entry[1] < settled}
    if cache is None or all(known.get(key) == entry for key, entry in new.items()):
        return
    with locked(cache / f"{CACHE_NAME}.lock"):
        write_atomic(cache / CACHE_NAME, json.dumps({**_remembered(cache), **new}))
