"""The seal of a .beton: of which data it is, and the checksums that show it whole.

It lies where FFCV does not look, between the pages and the table of addresses.
"""

from __future__ import annotations

import json
from typing import Any

from harness.config.identity import digest

SIZE = 1024
FORMAT = 1


def sealed(content: dict[str, Any]) -> bytes:
    """The seal's bytes."""
    text = json.dumps({"format": FORMAT, "sha256": digest(content), "content": content}).encode()
    assert len(text) <= SIZE
    return text.ljust(SIZE, b"\0")


def unsealed(block: bytes) -> dict[str, Any] | None:
    """What a seal says; None where the bytes are no seal, or an altered one."""
    try:
        stored = json.loads(block.rstrip(b"\0"))
        content: dict[str, Any] = stored["content"]
        whole = stored["format"] == FORMAT and stored["sha256"] == digest(content)
    except (ValueError, TypeError, KeyError):
        return None
    return content if whole else None
