"""The SHA-256 of many files, remembered by path, size and time of change.

A second call over 100,000 files costs their `stat` only. What is remembered is
trusted for planning alone: a pack reads every file once and compares the bytes it
packs with the hash.
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

from harness.errors import DataError
from harness.files import locked, sha256_of, write_atomic

CACHE_NAME = "file_hashes.json"
SETTLED_NS = 2_000_000_000
"""A file changed less than this ago may change again within one tick of its clock: it is not remembered."""
PART = 256
"""Files that a thread takes at a time."""

Entry = tuple[int, int, str]
"""Size in bytes, time of change in ns, SHA-256."""


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
    if cache is not None:
        _remember(cache, entries, known)
    return {path: entry[2] for path, entry in entries.items()}


def array_hash(array: NDArray[Any]) -> str:
    """The SHA-256 of an array's type, shape and little-endian bytes."""
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode() + plain.tobytes()).hexdigest()


def num_threads() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _entry(path: Path, known: Mapping[str, Entry]) -> Entry:
    try:
        found = os.stat(path)
        entry = known.get(str(path.absolute()))
        if entry is not None and entry[:2] == (found.st_size, found.st_mtime_ns):
            return entry
        return found.st_size, found.st_mtime_ns, sha256_of(path)
    except OSError as error:
        raise DataError(
            f"the file {str(path)!r} cannot be read: {error.strerror or error}",
            mend="restore the file, or take its sample out of the data set",
        ) from error


def _remembered(cache: Path | None) -> dict[str, Entry]:
    """What the cache knows; a cache that cannot be read knows nothing, for it can be made again."""
    if cache is None:
        return {}
    try:
        stored = json.loads((cache / CACHE_NAME).read_text(encoding="utf-8"))
        return {path: (int(size), int(changed), str(sha)) for path, (size, changed, sha) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(cache: Path, entries: Mapping[Path, Entry], known: Mapping[str, Entry]) -> None:
    settled = time.time_ns() - SETTLED_NS
    new = {str(path.absolute()): entry for path, entry in entries.items() if entry[1] < settled}
    if all(known.get(path) == entry for path, entry in new.items()):
        return
    with locked(cache / f"{CACHE_NAME}.lock"):
        write_atomic(cache / CACHE_NAME, json.dumps({**_remembered(cache), **new}))
