"""What is made once for all processes: under a temporary name, renamed when it is whole.

Others see all of it or nothing. The lock that a caller holds frees itself when its
process dies, so a temporary thing found under it is a dead process's, and is cleared.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import StoreError
from harness.files import locked, naming_full_disk, sync_folder


def once(path: Path, what: str, make: Callable[[Path], None]) -> None:
    """Make a file or folder where it is not there yet; processes that need it together make it once.

    Args:
        path: Where it is to lie.
        what: What it is, for the error.
        make: Makes it at the path that it is given, and brings it to the disk.

    Raises:
        StoreError: It cannot be written.
        DiskFullError: No room; nothing is left behind.
    """
    if path.exists():
        return
    with _writable(path, what), locked(path.with_name(f"{path.name}.lock")):
        if not path.exists():
            _made(path, make)


@contextlib.contextmanager
def _writable(path: Path, what: str) -> Iterator[None]:
    try:
        with naming_full_disk(path):
            yield
    except OSError as error:
        raise StoreError(
            f"the {what} {str(path)!r} cannot be written: {error}", mend="check the folder, or give another --store"
        ) from error


def _made(path: Path, make: Callable[[Path], None]) -> None:
    for stale in path.parent.glob(f"{path.name}.tmp-*"):
        _remove(stale)
    temporary = path.with_name(f"{path.name}.tmp-{uuid.uuid4().hex[:8]}")
    try:
        make(temporary)
        os.rename(temporary, path)
        sync_folder(path.parent)
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
