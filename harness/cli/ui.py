"""`harness ui`: MLflow's own UI on the store."""

from __future__ import annotations

import click

from harness.cli.common import console, store_option
from harness.cli.sync import synced
from harness.grid.plan import Plan
from harness.tracking.store import Store


@click.command("ui")
@store_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Another free one if taken."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="MLflow asks nobody who they are.")
def command(store: Store, port: int, host: str) -> None:
    """Bring MLflow up to date, serve its UI, and print a link for each grid; Ctrl-C ends it."""
    from harness.tracking.replica.opening import default_artifacts, default_uri
    from harness.tracking.replica.serve import serving

    screen = console()
    for name in store.grids():
        screen.print(synced(Plan.load(store.grid(name) / "plan.json"), store), soft_wrap=True)
    store.mlflow.mkdir(parents=True, exist_ok=True)
    with serving(default_uri(store.mlflow), default_artifacts(store.mlflow), host, port) as served:
        for grid, link in served.links.items():
            screen.print(f"{grid}: {link}", soft_wrap=True)
        try:
            served.wait()
        except KeyboardInterrupt:
            screen.print("stopped")
