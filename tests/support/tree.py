"""The files of the repository as git knows them: tracked, and new ones that it does not ignore."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTING = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]


@cache
def files() -> tuple[Path, ...]:
    """Every file, relative to the root."""
    listed = subprocess.run(LISTING, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted({Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()}))


def texts() -> dict[Path, str]:
    """The text of every file that is text."""
    found = {}
    for path in files():
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw:
            found[path] = raw.decode("utf-8")
    return found
