"""The shipped U-Net grid, shrunk: painted, probed, and pre-trained on what was painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.config.grid_file import read_grid_file
from harness.config.yaml import dump
from harness.data.synthetic.spec import SampleSpec
from harness.data.synthetic.write import write_sample
from harness.grid.plan import Plan
from harness.grid.planner import make_plan
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.tracking.result import Result
from harness.tracking.store import Store
from support.fresh import ROOT
from support.silent import Silent

PATCHES = 60
CONFIG = ROOT / "configs" / "unet.yaml"


def computed(path: Path, store: Store, *words: str) -> tuple[Plan, dict[str, Result]]:
    """A grid's plan, and the result of each of its runs."""
    plan = make_plan(read_grid_file(path, words), store.packs, str(path))
    Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    found = {run.key: store.run(run.key).result() for run in plan.runs}
    assert all(found.values()), {key: store.run(key).attempts()[-1].failure() for key, one in found.items() if not one}
    return plan, {key: result for key, result in found.items() if result is not None}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unet") / "sample"
    write_sample(folder, SampleSpec(patches=PATCHES, regions=12, size=32))
    return folder


def test_the_shipped_grid_runs_and_its_images_are_pre_trained_on(sample: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    small = [f"data.root={sample}", "data.size=32", "epochs=1", "global_batch_size=10", "optimiser.lr=1e-3"]
    plan, results = computed(CONFIG, store, *small)
    painted, probes = ([results[run.key] for run in plan.of(stage)] for stage in ("translate", "probe"))
    assert len(painted) == 4
    assert len(probes) == 4 + 2
    for result in painted:
        assert {"test/ssim", "test/mse", "test/psnr", "train/loss_at_chance"} <= set(result.metrics)
        assert set(result.artifacts) == {"encoder_0", "decoder", "sheet", "predicted"}
    assert [result.facts["paired"] for result in probes if "paired" in result.facts] == [["marker"]] * 4

    data = store.run(painted[0].run).path / painted[0].artifacts["predicted"].path
    later = tmp_path / "later.yaml"
    later.write_text(dump(_pretrain(data.parent)))
    plan, results = computed(later, store)
    (trained,) = (results[run.key] for run in plan.of("pretrain"))
    assert trained.facts["views"] == ["he", "predicted_marker"]
    assert trained.facts["samples"] == PATCHES - PATCHES // 3
    marks = {run.labels[0]["label"]: results[run.key].facts["target_in_pair"] for run in plan.of("probe")}
    assert marks == {"tissue": False}


def _pretrain(data: Path) -> dict[str, Any]:
    return {
        "data": {"name": "folder", "root": str(data), "size": 32},
        "views": ["he", "predicted_marker"],
        "encoder": {"name": "small_conv", "widths": [4, 8]},
        "expander": {"width": 8},
        "epochs": 1,
        "global_batch_size": 10,
        "axes": {"objective": ["vicreg"]},
        "then": [{"stage": "probe", "axes": {"label": ["tissue"]}}],
    }
