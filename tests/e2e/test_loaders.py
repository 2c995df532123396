"""The same weights, bit for bit, whichever loader feeds the training, at one rank and at two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.tracking.store import Store
from support.grids import plan_of, write_grid
from support.silent import Silent

FED = [
    ("resident", 1),
    pytest.param("ffcv", 1, marks=pytest.mark.ffcv),
    pytest.param("dali", 1, marks=pytest.mark.dali),
    pytest.param("dali", 2, marks=pytest.mark.dali),
]
CONTROL = {"name": "identity", "modality": "panck", "partner": "group"}


def trained(tmp_path: Path, loader: str, ranks: int) -> tuple[str, dict[str, str]]:
    """A short training's key, and the hashes of its encoders."""
    over: dict[str, Any] = {
        "axes": {"pair": {"control": {"views": ["downsample:he", CONTROL]}}, "seed": [0]},
        "exclude": [{"pair": "asymmetric"}, {"pair": "symmetric"}],
        "loader": loader,
        "then": [],
        "floors": [],
        "table": None,
        "resources": {"pretrain": {"ranks": ranks, "threads": 1}},
    }
    store = Store(tmp_path / f"store-{loader}-{ranks}")
    plan = plan_of(write_grid(tmp_path, over), store.root)
    Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    (run,) = plan.of("pretrain")
    result = store.run(run.key).result()
    assert result is not None
    return run.key, {name: artifact.sha256 for name, artifact in result.artifacts.items()}


@pytest.mark.parametrize(("loader", "ranks"), FED)
def test_weights_do_not_depend_on_the_loader(tmp_path: Path, loader: str, ranks: int) -> None:
    key, hashes = trained(tmp_path, loader, ranks)
    assert (key, hashes) == trained(tmp_path, "torch", ranks)
    assert len(hashes) == 2
