"""A group of commands that are found by themselves: each in the module of its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection
from typing import Any

import click


class Found(click.Group):
    """Finds each command in the module of its name, imported when it is asked for.

    Args:
        package: Where the modules lie; each holds a `command`.
        besides: Modules there that are none.
        **settings: What `click.Group` takes.
    """

    def __init__(self, *, package: str, besides: Collection[str] = (), **settings: Any) -> None:
        super().__init__(**settings)
        self.package, self.besides = package, besides

    def list_commands(self, context: click.Context) -> list[str]:
        found = pkgutil.iter_modules(importlib.import_module(self.package).__path__)
        return sorted(module.name for module in found if module.name not in self.besides and module.name[0] != "_")

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: Any = importlib.import_module(f"{self.package}.{name}").command
        assert isinstance(command, click.Command)
        return command
