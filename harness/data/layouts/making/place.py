"""A twin's folder: all of it or nothing, with the file that says what made it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from harness.config.base import Config
from harness.config.plain import to_plain
from harness.config.yaml import dump
from harness.data.twin import SYNTHETIC
from harness.errors import DataError
from harness.files import naming_full_disk

REVISION = 1
"""Raised when a twin's bytes change for the same settings."""
TEXT = """SYNTHETIC: a program made these files. No tissue, no patient.
They have the layout of a published set, so that programs can be tried on it, and nothing of its contents.

"""


def place(root: Path, settings: Config, fill: Callable[[Path], None]) -> None:
    """Make a twin beside its folder and rename it, unless this very twin is there already.

    Args:
        root: The folder, which may be missing or empty.
        settings: What is to be made; written into `SYNTHETIC.txt`.
        fill: Writes the files into the folder that it is given.

    Raises:
        DataError: The folder holds something else.
        DiskFullError: No room; nothing is left behind.
    """
    root = root.expanduser().resolve()
    text = TEXT + dump({"revision": REVISION, **to_plain(settings)})
    if _is_there(root, text):
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    temporary = root.parent / f".{root.name}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        with naming_full_disk(root):
            temporary.mkdir()
            fill(temporary)
            (temporary / SYNTHETIC).write_text(text, encoding="utf-8")
            os.rename(temporary, root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_there(root: Path, text: str) -> bool:
    """Whether this twin is there; False where the folder is missing or empty."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    found = _said(root)
    if found == text:
        return True
    raise DataError(
        f"{str(root)!r} holds another synthetic set"
        if found
        else f"{str(root)!r} is there already and is none of ours",
        legal="a folder that is empty or does not exist, or one that holds this very set",
        mend="name another folder, or remove this one: nothing is overwritten",
    )


def _said(root: Path) -> str:
    try:
        return (root / SYNTHETIC).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
