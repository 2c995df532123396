"""The command line, one verb a file.

`harness VERB --help` says what each takes. Science stands in grid files and trailing
`key=value` words; options are for placement.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any

import click

import harness
from harness.errors import HarnessError

HIDDEN = ("common", "progress", "grids")


class _Verbs(click.Group):
    """Finds each verb in the module of its name, imported when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        found = pkgutil.iter_modules(importlib.import_module("harness.cli").__path__)
        return sorted(module.name for module in found if module.name not in HIDDEN and not module.name.startswith("_"))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: Any = importlib.import_module(f"harness.cli.{name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="harness")
def verbs() -> None:
    """Benchmark self-supervised knowledge distillation on paired histopathology images."""


def main(words: Sequence[str] | None = None) -> None:
    """The console script: an error of the user's is a message and exit code 2, never a traceback."""
    try:
        verbs.main(args=list(words) if words is not None else None, prog_name="harness")
    except HarnessError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
