"""One checkpoint as one file, whose name says how it must be found.

``step-<number>.v<format>.<digest>.ckpt``: the digest is of the file's bytes, so that a
single rename makes a checkpoint valid and a torn or flipped one is noticed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import torch

from harness.files import BLOCK, naming_full_disk

FORMAT = 1
DIGITS = 32
PATTERN = re.compile(r"step-(\d+)\.v(\d+)\.([0-9a-f]+)\.ckpt")

State = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Entry:
    """A checkpoint as its name tells of it."""

    step: int
    format: int
    digest: str
    path: Path


def entry_of(path: Path) -> Entry | None:
    """What a file's name says, or None where it is no checkpoint's."""
    match = PATTERN.fullmatch(path.name)
    return Entry(int(match[1]), int(match[2]), match[3], path) if match else None


def write(path: Path, state: State) -> str:
    """Write a state to a temporary file, durably, and give the digest that belongs into its name.

    Raises:
        DiskFullError: No room.
    """
    with naming_full_disk(path), open(path, "wb") as file:
        hashed = _Hashed(file)
        torch.save(dict(state), cast("IO[bytes]", hashed))  # torch only writes and flushes
        return hashed.finish()


def name_of(step: int, digest: str) -> str:
    """The name under which `entry_of` finds a checkpoint."""
    return f"step-{step:010d}.v{FORMAT}.{digest}.ckpt"


def read(entry: Entry) -> State | None:
    """The state, on the CPU, or None where the bytes cannot be read or are not those that the name promises."""
    try:
        if _digest(entry.path) != entry.digest:
            return None
        state: State = torch.load(entry.path, map_location="cpu", weights_only=True)
    except OSError:
        return None
    return state


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()[:DIGITS]


class _Hashed:
    """A file that hashes what it writes and keeps the first refusal of the system for later.

    torch's writer would answer such a refusal with an error of its own that hides it.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._refusal: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
        if self._refusal is None:
            self._hash.update(data)
            try:
                self._file.write(data)
            except OSError as error:
                self._refusal = error
        return len(data)

    def flush(self) -> None:
        """Nothing yet: `finish` flushes."""

    def finish(self) -> str:
        if self._refusal is not None:
            raise self._refusal
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._hash.hexdigest()[:DIGITS]
