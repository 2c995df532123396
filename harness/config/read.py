"""From a file or mapping to a config, with errors that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from harness.config.base import Config
from harness.config.family import Family, NestedError
from harness.errors import ConfigError, HarnessError

C = TypeVar("C", bound=Config)


def read(kind: type[C], settings: Any, where: str) -> C:
    """`settings` as a config of `kind`; a family gives the member that is named.

    Args:
        kind: A config class, or a family.
        settings: Plain data, as a YAML file gives it.
        where: The file or command line that it came from, for the error.

    Raises:
        ConfigError: Naming every key that is wrong, its value and what is legal.
    """
    try:
        if issubclass(kind, Family) and kind.is_root():
            return kind.parse(settings)
        return kind.model_validate(settings)
    except NestedError as error:
        raise _joined(list(_flat(error.error, ())), where) from error
    except ValidationError as error:
        raise _joined(list(_flat(error, ())), where) from error
    except PydanticCustomError as error:
        raise _worded(error.message(), (), error.context or {}).at(where) from error
    except HarnessError as error:
        raise error.at(where) from error.__cause__


def _flat(error: ValidationError, prefix: tuple[str | int, ...]) -> Iterator[ConfigError]:
    """Every leaf error, those of components within components included, each with its full path."""
    for detail in error.errors():
        place = (*prefix, *detail["loc"])
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, NestedError):
            yield from _flat(cause.error, place)
        elif isinstance(cause, HarnessError):
            yield ConfigError(cause.what, where=cause.where or _dotted(place), legal=cause.legal, mend=cause.mend)
        else:
            yield _one(detail, place)


def _one(detail: ErrorDetails, place: tuple[str | int, ...]) -> ConfigError:
    if detail["type"] == "missing":
        return _worded(f"{_dotted(place)!r} is missing", place[:-1], {"mend": f"add {place[-1]!r}"})
    if detail["type"] in ("unknown_key", "unknown_component", "unnamed_component"):
        return _worded(detail["msg"], place, detail["ctx"])
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    return _worded(f"{_dotted(place)!r}: {message}, but it is {detail['input']!r}", place, {})


def _worded(what: str, place: tuple[str | int, ...], context: dict[str, Any]) -> ConfigError:
    return ConfigError(what, where=_dotted(place) or None, legal=context.get("legal"), mend=context.get("mend"))


def _joined(errors: list[ConfigError], where: str) -> ConfigError:
    """One error as it is, several as one with a paragraph each."""
    if len(errors) == 1:
        errors[0].at(where)
        return errors[0]
    return ConfigError("\n".join([f"{len(errors)} settings are wrong", *map(str, errors)]), where=where)


def _dotted(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place)
