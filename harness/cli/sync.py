"""`harness sync`: bring MLflow up to date with the run folders."""

from __future__ import annotations

import click

from harness.cli.common import console, store_option
from harness.cli.grids import table_of, write_tables
from harness.config.identity import digest
from harness.grid.plan import Plan
from harness.report.render.markdown import render as as_markdown
from harness.report.replicate import replica_of
from harness.tracking.store import Store


@click.command("sync")
@click.argument("grids", nargs=-1)
@store_option
@click.option("--uri", help="MLflow's store or tracking server; a SQLite file in the store by default.")
@click.option("--quiet", is_flag=True, help="Say nothing but what went wrong.")
def command(grids: tuple[str, ...], store: Store, uri: str | None, quiet: bool) -> None:
    """Replicate GRIDS, all submitted ones by default, into MLflow; repeating it changes nothing."""
    for name in grids or store.grids():
        line = synced(Plan.load(store.grid(name) / "plan.json"), store, uri)
        if not quiet:
            console().print(line, soft_wrap=True)


def synced(plan: Plan, store: Store, uri: str | None = None) -> str:
    """Replicate one grid; returns what was done, in a line."""
    from harness.tracking.replica.opening import default_artifacts, default_uri
    from harness.tracking.replica.sync import sync

    store.mlflow.mkdir(parents=True, exist_ok=True)
    replica = replica_of(plan, store, write_tables(plan, store), _description(plan, store))
    artifacts = None if uri else default_artifacts(store.mlflow)
    cursors = store.grid(plan.grid) / (f"mlflow-{digest(uri)[:8]}.json" if uri else "mlflow.json")
    report = sync(replica, uri or default_uri(store.mlflow), artifacts, cursors)
    damaged = "".join(f"; {text}" for text in report.damaged)
    return f"{plan.grid}: {report.created} runs made, {report.rows} values sent, {report.seconds:.1f} s{damaged}"


def _description(plan: Plan, store: Store) -> str:
    """The table in Markdown, which the experiment's page shows."""
    if plan.table is None:
        return plan.title
    return as_markdown(table_of(plan, store))
