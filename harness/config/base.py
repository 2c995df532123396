"""The base of every configuration: frozen, typed strictly, closed to unknown keys.

A config is data. What may change a result is part of a run's identity; a field
that may not is marked `Placement`, and a contract test shows that it changes
nothing. A field that is added later is marked `Since`, with the value that means
"as before", so that results made without it keep their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from harness.errors import did_you_mean


@dataclass(frozen=True)
class Placement:
    """Marks a field that says where or how fast a run goes and never what it yields."""


@dataclass(frozen=True)
class Since:
    """Marks a field added after results existed: at `value` it stays out of the hash.

    Args:
        value: The setting under which a run gives what it gave before the field was there.
    """

    value: object


class Config(BaseModel):
    """A frozen group of settings.

    Types are strict (the string "3" is no integer, true is no number; an integer
    is a number) and numbers finite, lists become tuples, and an unknown key is an
    error that names the known ones.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, allow_inf_nan=False, protected_namespaces=()
    )

    @model_validator(mode="before")
    @classmethod
    def _closed(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        legal = list(cls.model_fields)
        for key in value:
            if key not in legal:
                raise unknown_key(str(key), legal)
        return {key: _tupled(item) for key, item in value.items()}


def unknown_key(key: str, legal: list[str]) -> PydanticCustomError:
    """The error for a key that a config does not have."""
    context = {"key": key, "legal": ", ".join(sorted(legal)), "mend": did_you_mean(key, legal)}
    return PydanticCustomError("unknown_key", "unknown key '{key}'", context)


def _tupled(value: Any) -> Any:
    """Lists as tuples, at any depth of plain lists: YAML knows lists only, a frozen config holds tuples."""
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
