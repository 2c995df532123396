"""Ids: a hash of everything that can change a result.

The same resolved configuration has the same id on every machine and under every
version of the harness, until a component's revision is raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

ID_LENGTH = 12


def canonical(plain: Any) -> str:
    """Plain data as one line of JSON with sorted keys, the text that is hashed."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def digest(plain: Any) -> str:
    """The SHA-256 of plain data, in hexadecimal."""
    return hashlib.sha256(canonical(plain).encode()).hexdigest()


def short_id(plain: Any) -> str:
    """The id of a run or cell: the first 12 digits (48 bits) of the digest.

    Among 10,000 runs two share an id by chance once in five million stores; the
    configuration stored beside every result is compared before reuse all the same.
    """
    return digest(plain)[:ID_LENGTH]


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Where two pieces of plain data differ, a line each: `path: old > new`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key, _ABSENT), new.get(key, _ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{path}.{index}")
    elif old != new:
        yield f"{path}: {_shown(old)} > {_shown(new)}"


_ABSENT = object()


def _shown(value: Any) -> str:
    return "(absent)" if value is _ABSENT else json.dumps(value)
