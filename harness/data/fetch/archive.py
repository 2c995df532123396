"""Folders out of a zip archive, whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

from harness.errors import DataError
from harness.files import naming_full_disk, sync_folder

MEND = "remove it and fetch again"

Progress = Callable[[int, int], None]
"""Told how many files of how many are there."""


def unpack(archive: Path, folder: Path, target: Path, progress: Progress | None = None) -> bool:
    """Unpack one top-level folder of an archive.

    The files are written beside the target, which gets its name when all are there: a
    folder that is there is whole.

    Args:
        archive: A zip file.
        folder: The folder in it.
        target: What it becomes.
        progress: Told after every file.

    Returns:
        Whether this call made the target; False where it was there.

    Raises:
        DataError: The archive is damaged or does not hold the folder.
        DiskFullError: No room; nothing is left behind.
    """
    if target.exists():
        return False
    temporary = target.with_name(f".{target.name}.tmp-{uuid.uuid4().hex[:8]}")
    with naming_full_disk(target):
        temporary.mkdir(parents=True)
        try:
            _extract(archive, folder, temporary, progress)
            os.rename(temporary / folder, target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return True


def _extract(archive: Path, folder: Path, into: Path, progress: Progress | None) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if Path(one.filename).parts[:1] == folder.parts]
            for number, member in enumerate(members, 1):
                opened.extract(member, into)
                if progress is not None:
                    progress(number, len(members))
    except zipfile.BadZipFile as error:
        raise DataError(f"{str(archive)!r} is no whole zip archive: {error}", mend=MEND) from error
    if not members:
        raise DataError(f"{str(archive)!r} holds no folder {str(folder)!r}", mend=MEND)
