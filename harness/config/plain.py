"""Configs as plain data: dictionaries, lists, strings and numbers.

`to_plain` keeps everything and can be read back; `identity` keeps what may change
a result, and each component's revision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from harness.config.base import Config, Placement, Since
from harness.config.family import Family


def to_plain(value: Any) -> Any:
    """A config and all it holds as plain data, with each component's name; the family's `parse` reads it back."""
    if isinstance(value, Config):
        named = {"name": value.name} if isinstance(value, Family) else {}
        return named | {field: to_plain(getattr(value, field)) for field in type(value).model_fields}
    return _through(value, to_plain)


def identity(value: Any) -> Any:
    """What may change a result, as plain data: no placement, revisions in, late fields only when they are used."""
    if isinstance(value, Config):
        named = {"name": value.name, "revision": value.revision} if isinstance(value, Family) else {}
        return named | {field: identity(getattr(value, field)) for field in _decisive(value)}
    return _through(value, identity)


def _through(value: Any, convert: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): convert(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [convert(item) for item in value]
    assert value is None or isinstance(value, str | int | float | bool), f"not plain data: {value!r}"
    return value


def _decisive(config: Config) -> Iterator[str]:
    for name, field in type(config).model_fields.items():
        if not _is_placement(field) and not _as_before(field, getattr(config, name)):
            yield name


def _is_placement(field: FieldInfo) -> bool:
    return any(mark is Placement or isinstance(mark, Placement) for mark in field.metadata)


def _as_before(field: FieldInfo, value: Any) -> bool:
    return any(isinstance(mark, Since) and mark.value == value for mark in field.metadata)
