"""What MLflow accepts as a key and as a value, and how ours are brought into that shape.

Keys have at most 250 characters (of which 10 are left for the number of a part) out of
letters, digits and ``_ - . : / space``, and no part that a path would swallow; a param's
value has at most 6,000 characters, a tag's 8,000. A key that has to change keeps what is
legible and ends in a hash of the whole, so that two never become one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

KEY_LIMIT, NAME_LIMIT, PARAM_LIMIT, TAG_LIMIT, NOTE_LIMIT = 240, 250, 6_000, 8_000, 20_000
_ILLEGAL = re.compile(r"[^/\w.\- :]")


def legal_key(name: str) -> str:
    """A key that MLflow takes; `name` itself where it does."""
    parts = _ILLEGAL.sub("_", name).split("/")
    shaped = "/".join("_" + part if part in ("", ".") or part.startswith("..") else part for part in parts)
    if shaped == name and len(name) <= KEY_LIMIT:
        return name
    return f"{shaped[: KEY_LIMIT - 9]}-{hashlib.blake2b(_bytes(name), digest_size=4).hexdigest()}"


def legal_value(text: str, limit: int = TAG_LIMIT) -> str:
    """A value that MLflow takes; where it is too long it says so at its end."""
    clean = _bytes(text).decode().replace("\0", "\\x00")
    if len(clean) <= limit:
        return clean
    note = f" ... ({len(clean)} characters)"
    return clean[: limit - len(note)] + note


def spread(key: str, value: str) -> dict[str, str]:
    """A value of any length as one tag or several: KEY, KEY.2, KEY.3."""
    pieces = [value[start : start + TAG_LIMIT] for start in range(0, len(value), TAG_LIMIT)] or [""]
    return {key if number == 1 else f"{key}.{number}": piece for number, piece in enumerate(pieces, 1)}


def joined(key: str, tags: Mapping[str, str]) -> str:
    """The value that `spread` laid out."""
    value, number = tags[key], 2
    while (piece := tags.get(f"{key}.{number}")) is not None and len(value) % TAG_LIMIT == 0:
        value, number = value + piece, number + 1
    return value


def _bytes(text: str) -> bytes:
    """UTF-8, with what no UTF-8 has (half of a file name, say) spelled out."""
    return text.encode("utf-8", "backslashreplace")
