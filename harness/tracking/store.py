"""Where everything lies: one folder with the runs, the grids, the packed data and MLflow's file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.errors import StoreError
from harness.tracking.run_folder import RunFolder


class Store:
    """A store's folders.

    Args:
        root: The store; it is made when something is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packs = root / "data"
        self.mlflow = root / "mlflow"

    def run(self, key: str) -> RunFolder:
        """The folder of the run ``<stage>/<id>``."""
        return RunFolder(self.root / "runs" / key)

    def runs(self) -> Iterator[RunFolder]:
        """Every run that has a configuration, in order of stage and id."""
        for config in sorted((self.root / "runs").glob("*/*/config.yaml")):
            yield RunFolder(config.parent)

    def grid(self, name: str) -> Path:
        """The folder of a grid: its plan, ledger, jobs and tables."""
        return self.root / "grids" / name

    def grids(self) -> list[str]:
        """The names of all grids that were submitted into this store."""
        return sorted(path.parent.name for path in (self.root / "grids").glob("*/plan.json"))

    def find(self, text: str) -> RunFolder:
        """The one run whose id begins with `text`, with or without its stage.

        Raises:
            StoreError: None or several do.
        """
        found = [run for run in self.runs() if run.key.startswith(text) or run.path.name.startswith(text)]
        if len(found) == 1:
            return found[0]
        keys = [run.key for run in found or self.runs()]
        shown = ", ".join(keys[:8]) + (", ..." if len(keys) > 8 else "")
        what = f"{text!r} fits {len(found)} runs" if found else f"no run in {str(self.root)!r} begins with {text!r}"
        raise StoreError(what, legal=shown or "(the store is empty)", mend="give more digits, or the right --store")
