"""The command line, one verb a file.

`harness VERB --help` says what each takes. Science stands in grid files and trailing
`key=value` words; options are for placement.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

import harness
from harness.cli._found import Found
from harness.errors import HarnessError

BESIDES = ("common", "progress", "grids")


@click.group(
    cls=Found, package="harness.cli", besides=BESIDES, context_settings={"help_option_names": ["-h", "--help"]}
)
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
