"""The index of a pack: what its arrays are and whose rows they hold, with a checksum of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.config.identity import digest
from harness.errors import StoreError
from harness.files import read_text, write_atomic

INDEX = "index.json"
FORMAT = 1
MEND = "remove its folder and run again: the data are packed anew"


def write_index(folder: Path, content: dict[str, Any]) -> None:
    """Write a pack's index, whole or not at all."""
    text = json.dumps({"format": FORMAT, "sha256": digest(content), "content": content})
    write_atomic(folder / INDEX, text)


def read_index(folder: Path) -> dict[str, Any]:
    """The content of a pack's index.

    Raises:
        StoreError: The index is missing, torn or altered, or a newer harness wrote it.
    """
    path = folder / INDEX
    try:
        stored = json.loads(read_text(path))
        form, checksum, content = stored["format"], stored["sha256"], stored.get("content")
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"the index {str(path)!r} is torn", mend=MEND) from error
    if form != FORMAT:
        raise StoreError(
            f"the pack {str(folder)!r} was written by a newer harness, format {form}; this one reads {FORMAT}",
            legal=f"format {FORMAT}",
            mend="use that version of harness, or another --store",
        )
    if not isinstance(content, dict) or digest(content) != checksum:
        raise StoreError(f"the index {str(path)!r} was altered: its checksum does not fit", mend=MEND)
    return content
