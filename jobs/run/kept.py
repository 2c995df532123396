"""Features that are made once: a file in the store for each encoder, data set and choice of rows.

Every head of one encoder, whatever its label, seed, learning rate or kind, reads it in
place of a forward pass. The file is named by the hash of all that its numbers depend
on, says so itself, and begins with the checksum of the rest; one that is damaged is
made again. It can be removed at any time.

Rows are part of the name, and a fraction has a file of its own: an encoder may round
otherwise in the last, smaller batch, so features taken from a pass over more rows
would not be those of a pass over these alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.config.identity import canonical, digest
from harness.config.plain import identity
from harness.data.once import once
from harness.errors import StoreError
from harness.files import locked
from jobs.features import Floats, Source
from jobs.run.represent import BATCH

FOLDER = "features"
REVISION = 1
"""Raised when the same basis and surroundings come to mean other numbers."""
PACKAGES = ("torch", "timm")


def kept(source: Source, basis: Mapping[str, Any], rows: NDArray[np.int64], make: Callable[[], Floats]) -> Floats:
    """The features of some rows: from their file, or made and then kept; the same bits either way.

    Processes that want the same features together make them once.

    Args:
        source: The images.
        basis: What the features depend on beside images, rows and machine; see `Features.basis`.
        rows: Whose features.
        make: Makes them.
    """
    about = {**basis, **_surroundings(source), "rows": hash_of(rows)}
    path = source.work.store.root / FOLDER / digest(about)
    found = read_features(path, about)
    if found is not None:
        return found
    _clear_damaged(path, about, source)
    made: list[Floats] = []

    def write(temporary: Path) -> None:
        made.append(make())
        write_features(temporary, about, made[0])

    try:
        once(path, "features", write)
    except StoreError as error:
        if not made:
            raise
        note(source, f"the features are not kept: {error.what}")
    found = made[0] if made else read_features(path, about)
    return make() if found is None else found


def hash_of(rows: NDArray[np.int64]) -> str:
    """A hash of row numbers in their order."""
    return hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()


def note(source: Source, text: str) -> None:
    """A sentence in the journal of the run that wants the features."""
    if source.work.journal is not None:
        source.work.journal.note(text)


def _surroundings(source: Source) -> dict[str, Any]:
    """What the numbers follow from beside the encoder: pixels, view, machine and libraries."""
    packed, view, device = source.packed, source.view, source.work.world.device
    on_gpu = device.type == "cuda"
    return {
        "revision_of_cache": REVISION,
        "batch": BATCH,
        "data": [packed.digest, packed.size, packed.stored(view.modality).sha256],
        "view": identity(view),
        "device": torch.cuda.get_device_name(device) if on_gpu else torch.backends.cpu.get_cpu_capability(),
        "device_type": device.type,
        "threads": source.work.threads,
        "packages": {name: version(name) for name in PACKAGES},
    }


def _clear_damaged(path: Path, about: Mapping[str, Any], source: Source) -> None:
    """Remove a file that is not what its name promises, so that `once` makes it again; the lock is that of `once`."""
    if not path.exists():
        return
    with locked(path.with_name(f"{path.name}.lock")):
        if path.exists() and read_features(path, about) is None:
            note(source, f"the features {path.name[:12]} are damaged and are made again")
            path.unlink()


def write_features(path: Path, about: Mapping[str, Any], features_NF: Floats) -> None:
    """Write features durably, with what they depend on and a checksum of both."""
    body = np.ascontiguousarray(features_NF, dtype="<f4")
    head = _head(about, list(body.shape))
    with open(path, "wb") as file:
        file.write(_promise(head, body) + head)
        file.write(body.data.cast("B"))
        file.flush()
        os.fsync(file.fileno())


def read_features(path: Path, about: Mapping[str, Any]) -> Floats | None:
    """Features from their file; None where it is missing, damaged, or of something else.

    They lie in memory that torch allots, as features that were just made do: products
    may round otherwise where they lie otherwise.
    """
    try:
        with open(path, "rb") as file:
            promised, head = file.readline(), file.readline()
            shape = json.loads(head)["shape"]
            if head != _head(about, shape) or file.tell() + 4 * np.prod(shape) != os.fstat(file.fileno()).st_size:
                return None
            body: Floats = torch.empty(shape).numpy()
            file.readinto(body.data.cast("B"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return body if promised == _promise(head, body) else None


def _head(about: Mapping[str, Any], shape: list[int]) -> bytes:
    return f"{canonical({'about': about, 'shape': shape})}\n".encode()


def _promise(head: bytes, body: Floats) -> bytes:
    """The first line of the file: the checksum of what follows."""
    found = hashlib.sha256(head)
    found.update(body.data.cast("B"))
    return f"{found.hexdigest()}\n".encode()
