"""A tiny grid on disk: a paired set of 24 noise images and a grid file that trains on it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.config.grid_file import read_grid_file
from harness.config.merge import merged
from harness.config.yaml import dump
from harness.grid.plan import Plan
from harness.grid.planner import make_plan
from harness.tracking.store import Store
from support.images import make_folder

TINY: dict[str, Any] = {
    "title": "a tiny grid",
    "data": {"name": "folder", "size": 16},
    "encoder": {"name": "small_conv", "widths": [4, 8]},
    "expander": {"width": 8},
    "objective": "vicreg",
    "epochs": 2,
    "global_batch_size": 6,
    "log_every": 1,
    "checkpoint_every": 1,
    "axes": {
        "pair": {"asymmetric": {"views": ["he", "panck"]}, "symmetric": {"views": ["he", "he"]}},
        "seed": [0, 1],
    },
    "then": [{"stage": "probe", "label": "tissue", "head": {"name": "linear", "epochs": 2}}],
    "floors": [{"features": "majority"}, {"features": "histogram"}],
    "table": {"title": "tiny", "rows": ["pair"], "metrics": ["test/accuracy", "test/auroc"]},
    "resources": {"pretrain": {"threads": 1}, "probe": {"threads": 1, "runs_per_job": 8}},
}


def write_grid(folder: Path, over: dict[str, Any] | None = None, *, pairs: int = 24) -> Path:
    """Write the data and the grid file `tiny.yaml` into a folder; `over` is laid over the grid."""
    if not (folder / "pairs").exists():
        make_folder(folder / "pairs", n=pairs)
    grid = merged(merged(TINY, {"data": {"root": str(folder / "pairs")}}), over or {})
    stages = {"pretrain", *(entry["stage"] for entry in grid["then"])}
    grid["resources"] = {stage: given for stage, given in grid["resources"].items() if stage in stages}
    path = folder / "tiny.yaml"
    path.write_text(dump(grid))
    return path


def plan_of(path: Path, store: Path, *words: str) -> Plan:
    """The plan of a grid file."""
    return make_plan(read_grid_file(path, words), Store(store).packs, str(path))
