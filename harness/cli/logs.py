"""`harness logs`: what a run printed."""

from __future__ import annotations

import click

from harness.cli.common import store_option
from harness.tracking.store import Store


@click.command("logs")
@click.argument("run")
@store_option
@click.option("--attempt", type=int, help="The attempt's number; the last one by default.")
@click.option("--rank", type=int, default=0, show_default=True, help="The rank.")
def command(run: str, store: Store, attempt: int | None, rank: int) -> None:
    """Print the log of RUN, a run's id or the beginning of one."""
    folder = store.find(run)
    attempts = [item for item in folder.attempts() if attempt is None or item.number == attempt]
    if not attempts:
        click.echo(f"{folder.key} has no such attempt; there are {len(folder.attempts())}")
        return
    chosen = attempts[-1]
    click.echo(f"{folder.key}, attempt {chosen.number}, rank {rank}", err=True)
    path = chosen.log_path(rank)
    click.echo(path.read_text(errors="replace") if path.exists() else "(no log)", nl=False)
    for entry in chosen.entries():
        if entry.kind == "note":
            click.echo(f"note at step {entry.step}: {entry.text}")
    if failure := chosen.failure():
        click.echo(f"failed on rank {failure['rank']}: {failure['kind']}: {failure['message']}")
