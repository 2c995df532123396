"""`harness bench`: what a path costs on this machine, beside what else could be taken; one benchmark a file."""

from __future__ import annotations

import click

from harness.cli._found import Found


@click.group("bench", cls=Found, package="harness.cli.bench")
def command() -> None:
    """Measure on this machine: in turn, three rounds or more, medians, as ratios."""
