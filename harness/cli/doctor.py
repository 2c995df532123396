"""`harness doctor`: whether a site's cluster can carry out what its profile says, and how to mend what it cannot."""

from __future__ import annotations

import sys

import click
from rich.table import Table
from rich.text import Text

from harness.cli.common import console, store_option
from harness.launch.slurm.checks import Finding, examined
from harness.launch.slurm.commands import Slurm
from harness.launch.slurm.profile import load_profile
from harness.tracking.store import Store

COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


@click.command("doctor")
@click.option("--profile", required=True, help="A name in slurm/profiles, or the path of a YAML file.")
@click.option(
    "--nodes", default=2, show_default=True, type=click.IntRange(min=0), help="Nodes to look at; 0 starts no job."
)
@store_option
def command(profile: str, nodes: int, store: Store) -> None:
    """Ask the cluster, and its nodes by a small job, whether --profile can work.

    The exit status is 1 where something is wrong.
    """
    findings = list(examined(load_profile(profile), Slurm(), store.root, nodes))
    console().print(_table(findings))
    if any(finding.level == "wrong" for finding in findings):
        sys.exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in findings:
        text = f"{finding.text}\n  {finding.mend}" if finding.mend else finding.text
        table.add_row(Text(finding.level, style=COLOURS[finding.level]), finding.about, text)
    return table
