"""Writing files so that a reader, a crash or a full disk never sees half of one."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DiskFullError, StoreError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
BLOCK = 1 << 20


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a whole file or none: a unique temporary name, fsync, rename, fsync of the folder.

    Raises:
        DiskFullError: No room; the temporary file is gone and an older file is as it was.
    """
    with naming_full_disk(path), _prepared(path, data) as temporary:
        os.replace(temporary, path)
    sync_folder(path.parent)


def write_once(path: Path, data: bytes | str) -> bool:
    """Write a file that must not exist yet, by an exclusive link.

    Returns:
        Whether this call made the file. False leaves the existing one untouched.
    """
    with naming_full_disk(path), _prepared(path, data) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    sync_folder(path.parent)
    return True


@contextlib.contextmanager
def _prepared(path: Path, data: bytes | str) -> Iterator[Path]:
    """A finished and synced temporary file beside `path`, removed afterwards where it still stands."""
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex[:8]}.tmp"
    raw = data.encode() if isinstance(data, str) else data
    try:
        with open(temporary, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def naming_full_disk(path: Path) -> Iterator[None]:
    """Turn the system's "no space left" into an error that names the file and the mend."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise DiskFullError(
            f"no room is left to write {str(path)!r}",
            mend="free space on that disk and submit again: finished runs are kept, others go on at their checkpoint",
        ) from error


def sync_folder(folder: Path) -> None:
    """Make renames and links in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal, read block by block."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the exclusive lock of a lock file; the system frees it when the process ends, however it ends.

    Args:
        path: The lock file, made where it is missing and never removed.
        wait: Whether to wait for another holder.

    Raises:
        BlockingIOError: Another process holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock of a lock file at this moment."""
    if not path.exists():
        return False
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_text(path: Path) -> str:
    """A file's text; what cannot be read is an error that names it."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{str(path)!r} cannot be read: {error}") from error
