"""The .beton of a pack: made once beside it, and checked before it is used."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from harness.config.identity import digest
from harness.data.beton.layout import HEADER, Layout, fields_of
from harness.data.beton.seal import SIZE, unsealed
from harness.data.beton.write import Progress, write
from harness.data.once import once
from harness.data.packed import PackedSet
from harness.errors import StoreError
from harness.files import BLOCK

MEND = "remove it and run again: it is written anew from the pack"


def beton(packed: PackedSet, *, verify: bool = False, progress: Progress | None = None) -> Path:
    """The .beton of a pack, beside it; made at the first call.

    Args:
        packed: The pack.
        verify: Whether to compare every byte of an existing file with its checksum,
            and not its length, its index and its seal alone.
        progress: Told after every page that is written.

    Raises:
        StoreError: It cannot be written, or the existing one is torn, altered or of other data.
        DiskFullError: No room; nothing is left behind.
    """
    path = packed.folder.with_name(f"{packed.folder.name}.beton")
    layout = Layout(list(fields_of(packed.arrays).values()), SIZE)
    once(path, ".beton", partial(write, layout=layout, about=_about(packed), progress=progress))
    check(path, packed, layout, verify)
    return path


def check(path: Path, packed: PackedSet, layout: Layout, verify: bool) -> None:
    """Check that a file is the .beton of a pack.

    Args:
        path: The file.
        packed: The pack.
        layout: How the pack's file looks.
        verify: Whether to read the pages, too.

    Raises:
        StoreError: It is of other data, torn or altered.
    """
    content = _seal(path)
    expected = _about(packed)
    if content["digest"] != expected["digest"]:
        raise StoreError(
            f"{str(path)!r} holds data of the digest {content['digest']}",
            legal=f"the pack's, {expected['digest']}",
            mend=MEND,
        )
    if {key: content[key] for key in expected} != expected:
        raise StoreError(f"{str(path)!r} was made from another pack of these data", mend=MEND)
    found = path.stat().st_size
    if found != layout.file_bytes:
        raise StoreError(f"{str(path)!r} is torn: it has {found} bytes, not {layout.file_bytes}", mend=MEND)
    _check_bytes(path, layout, content, verify)


def _about(packed: PackedSet) -> dict[str, Any]:
    """Of which data a .beton is: the manifest's digest, and what each array holds."""
    arrays = [[name, one.kind, one.dtype, list(one.shape), one.sha256] for name, one in packed.arrays.items()]
    return {"digest": packed.digest, "arrays": digest(arrays)}


def _seal(path: Path) -> dict[str, Any]:
    """What the file's seal says, wherever its header puts it."""
    header = np.fromfile(path, HEADER, 1)
    at = int(header["table"][0]) - SIZE if len(header) else -1
    if 0 <= at < path.stat().st_size:
        with open(path, "rb") as file:
            file.seek(at)
            content = unsealed(file.read(SIZE))
        if content is not None:
            return content
    raise StoreError(
        f"{str(path)!r} has no seal of this harness: it is torn, altered, of another version, or written by FFCV alone",
        mend=MEND,
    )


def _check_bytes(path: Path, layout: Layout, content: dict[str, Any], verify: bool) -> None:
    """Header, descriptors, records and table against their checksum; where asked to, the pages, too."""
    with open(path, "rb") as file:
        index = hashlib.sha256(file.read(layout.front_bytes))
        file.seek(layout.table_at)
        index.update(file.read())
        whole = index.hexdigest() == content["index"]
        if whole and verify:
            file.seek(layout.data_at)
            whole = _sha256(file, layout.seal_at - layout.data_at) == content["pages"]
    if not whole:
        raise StoreError(f"{str(path)!r} was altered: its checksum does not fit", mend=MEND)


def _sha256(file: BinaryIO, count: int) -> str:
    """The SHA-256 of the next `count` bytes, a multiple of the block."""
    found = hashlib.sha256()
    for _ in range(count // BLOCK):
        found.update(file.read(BLOCK))
    return found.hexdigest()
