"""Families of components, each member one file that is found by itself.

A family (objectives, encoders, datasets, stages, ...) is a direct subclass of
`Family`. A member is a subclass with a name, and being defined is all the
registration it needs::

    class Objective(Family, package="harness.objectives"): ...
    class VICReg(Objective, name="vicreg"): ...

A field typed with the family accepts a member, a mapping with `name`, or a bare
name. The family's package is scanned at the first look-up; so is every package
named by an entry point of the group `harness.components`, which is how `jobs`,
and a laboratory's own components, are found without being imported by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Self, cast

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from harness.config.base import Config
from harness.errors import did_you_mean

ENTRY_POINTS = "harness.components"


class NestedError(ValueError):
    """Carries a member's own validation errors through its family's validator."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(str(error))
        self.error = error


class Family(Config):
    """A set of exchangeable components; see the module's text.

    Attributes:
        name: The member's name in configuration files; empty on the family itself.
        revision: Raised by hand whenever the member's output changes for the same
            settings. It is part of every id made from the member.
    """

    name: ClassVar[str] = ""
    revision: ClassVar[int] = 1
    members: ClassVar[dict[str, type[Family]]] = {}
    package: ClassVar[str] = ""

    def __init_subclass__(cls, name: str = "", package: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, name: str = "", package: str = "", **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if Family in cls.__bases__:
            cls.members, cls.package = {}, package
            return
        if not name:
            return
        known = cls.members.get(name)
        assert known is None or known.__module__ == cls.__module__, f"two components are named {name!r}: {known}, {cls}"
        cls.name = name
        cls.members[name] = cls

    @classmethod
    def is_root(cls) -> bool:
        """Whether this class is the family itself and not one of its members."""
        return globals().get("Family") in cls.__bases__

    @classmethod
    def catalogue(cls) -> dict[str, type[Self]]:
        """Every member by name, in alphabetical order, after scanning for them."""
        for package in {cls.package, *_announced()} - {""}:
            _scan(package)
        return {name: cls.members[name] for name in sorted(cls.members)}  # type: ignore[misc]

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """The mapping that a bare string stands for; a family with a short form of its own overrides this."""
        return {"name": text}

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A member from a member, a mapping with `name`, or a bare name.

        Raises:
            PydanticCustomError: The name is missing or not in the catalogue.
            NestedError: The member's own settings are wrong.
        """
        if isinstance(value, cls):
            return value
        settings = dict(cls.from_text(value)) if isinstance(value, str) else value
        if not isinstance(settings, dict) or "name" not in settings:
            raise _unnamed(cls, value)
        member = _member(cls, settings["name"])
        try:
            return cast("Self", member.model_validate({key: item for key, item in settings.items() if key != "name"}))
        except ValidationError as error:
            raise NestedError(error) from error

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if cls.is_root():
            return core_schema.no_info_plain_validator_function(cls.parse)
        return handler(source)


def _member(family: type[Family], name: Any) -> type[Family]:
    catalogue = family.catalogue()
    if isinstance(name, str) and name in catalogue:
        return catalogue[name]
    context = {
        "family": family.__name__.lower(),
        "name": str(name),
        "legal": ", ".join(catalogue) or "(none)",
        "mend": did_you_mean(str(name), catalogue),
    }
    raise PydanticCustomError("unknown_component", "unknown {family} '{name}'", context)


def _unnamed(family: type[Family], value: Any) -> PydanticCustomError:
    context = {
        "family": family.__name__.lower(),
        "value": repr(value),
        "legal": ", ".join(family.catalogue()),
        "mend": "give a name, or a mapping with 'name' and its settings",
    }
    return PydanticCustomError("unnamed_component", "{value} names no {family}", context)


@cache
def _announced() -> tuple[str, ...]:
    """Packages that installed distributions announce under the entry point group."""
    return tuple(sorted({point.value for point in entry_points(group=ENTRY_POINTS)}))


@cache
def _scan(package: str) -> None:
    """Import every module that lies directly in `package`; sub-packages hold what members share."""
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(module.__path__):
        if not found.ispkg and not found.name.startswith("_"):
            importlib.import_module(f"{package}.{found.name}")
