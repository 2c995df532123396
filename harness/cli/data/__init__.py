"""`harness data`: data sets on disk, one sub-command a file."""

from __future__ import annotations

import click

from harness.cli._found import Found


@click.group("data", cls=Found, package="harness.cli.data")
def command() -> None:
    """Make data sets, look at them and check them."""
