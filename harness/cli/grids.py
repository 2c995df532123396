"""A submitted grid's table, and the files of it that are kept beside its plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigError
from harness.files import write_atomic
from harness.grid.plan import Plan
from harness.report.collect import as_frame, frame
from harness.report.model import Table
from harness.report.render import format_named, formats
from harness.report.table import make_table
from harness.tracking.store import Store

if TYPE_CHECKING:
    import pandas as pd


def table_of(plan: Plan, store: Store, source: str = "runs") -> Table:
    """The table of a plan, from the run folders or from MLflow.

    Raises:
        ConfigError: The grid declares no table.
    """
    if plan.table is None:
        raise ConfigError(
            f"grid {plan.grid!r} declares no table", where=plan.source, mend="add `table:` to the grid file"
        )
    return make_table(frame(plan, store) if source == "runs" else _from_mlflow(plan, store), plan.table, plan.title)


def _from_mlflow(plan: Plan, store: Store) -> pd.DataFrame:
    from harness.tracking.replica.opening import default_uri
    from harness.tracking.replica.rows import rows

    return as_frame(rows(plan.grid, default_uri(store.mlflow)))


def write_tables(plan: Plan, store: Store) -> dict[str, Path]:
    """The grid's table in every format, beside its plan; their paths by file name."""
    if plan.table is None:
        return {}
    table, written = table_of(plan, store), {}
    for name in formats():
        form = format_named(name)
        path = store.grid(plan.grid) / f"table{form.SUFFIX}"
        write_atomic(path, form.render(table))
        written[path.name] = path
    return written
