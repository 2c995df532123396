"""A pack written as a .beton, from its first byte to its last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from harness.data.beton.layout import Field, Layout
from harness.data.beton.seal import sealed
from harness.data.index import MEND
from harness.data.writing import synced
from harness.errors import StoreError

Progress = Callable[[int, int], None]
"""Told how many samples are written, and of how many."""


def write(path: Path, layout: Layout, about: dict[str, Any], progress: Progress | None) -> None:
    """Write the file and bring it to the disk.

    Args:
        path: The file to make.
        layout: What lies where.
        about: What the seal says besides the checksums.
        progress: Told after each page.

    Raises:
        StoreError: An array of the pack is not the one that its checksum was made from.
    """
    front, table = layout.front(), layout.table()
    with open(path, "wb") as file:
        file.write(front.ljust(layout.data_at, b"\0"))
        pages = _write_pages(file, layout, progress)
        file.write(sealed(about | {"index": hashlib.sha256(front + table).hexdigest(), "pages": pages}))
        file.write(table)
        synced(file)


def _write_pages(file: BinaryIO, layout: Layout, progress: Progress | None) -> str:
    """Write the pages and return their checksum, once the arrays have shown theirs."""
    written = hashlib.sha256()
    read = [hashlib.sha256() for _ in layout.fields]
    for done, page in _pages(layout, read):
        file.write(page.data)
        written.update(page.data)
        if progress is not None:
            progress(done, layout.num_samples)
    for field, found in zip(layout.fields, read, strict=True):
        if found.hexdigest() != field.stored.sha256:
            raise StoreError(
                f"the packed file {str(field.stored.path)!r} was altered: its checksum does not fit", mend=MEND
            )
    return written.hexdigest()


def _pages(layout: Layout, read: Sequence[Any]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every page, with how many samples are in the pages so far; `read` are told what was read of each array."""
    for start in range(0, layout.num_samples, layout.per_page):
        stop = min(start + layout.per_page, layout.num_samples)
        page = np.zeros(layout.page_size, np.uint8)
        samples = page[: (stop - start) * layout.sample_bytes].reshape(stop - start, layout.sample_bytes)
        at = 0
        for field, hashed in zip(layout.fields, read, strict=True):
            rows = _bytes_of(field, start, stop)
            hashed.update(rows)
            samples[:, at : at + field.num_bytes] = rows
            at += field.num_bytes
        yield stop, page


def _bytes_of(field: Field, start: int, stop: int) -> NDArray[np.uint8]:
    """Some rows of an array, one after the other, as bytes; read from the file, so that no map stays."""
    rows: NDArray[np.uint8] = np.fromfile(
        field.stored.path, np.uint8, (stop - start) * field.num_bytes, offset=start * field.num_bytes
    ).reshape(stop - start, field.num_bytes)
    return rows
