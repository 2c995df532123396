"""The nuclei stage from patches to masks to a pre-training on them; a stand-in for TIAToolbox finds the nuclei."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.config.yaml import dump
from harness.grid.states import DONE, State
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.tracking.store import Store
from support.grids import TINY, plan_of, write_grid
from support.images import CLASSES
from support.silent import Silent
from support.tree import ROOT

STAND_IN = ROOT / "tests" / "support" / "stand_in"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """A grid that segments, trains on H&E with the masks and probes the cell types."""
    weights = tmp_path / "weights.pth"
    weights.write_text("weights")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={STAND_IN} exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    train = {key: TINY[key] for key in ("encoder", "expander", "objective", "epochs", "global_batch_size", "log_every")}
    return {
        "stage": "nuclei",
        "data": {"name": "folder", "root": str(tmp_path / "pairs"), "size": 16},
        "weights": str(weights),
        "weights_digest": hashlib.sha256(b"weights").hexdigest(),
        "python": str(python),
        "at_once": 10,
        "then": [
            {"stage": "pretrain", "pair": "nuclear_mask", "axes": {"asymmetric": [True, False]}, **train},
            {"stage": "probe", "of": "pretrain", "label": "cell", "head": {"name": "linear", "epochs": 2}},
        ],
        "floors": [{"features": "majority"}],
    }


def work_off(tmp_path: Path, settings: dict[str, Any]) -> tuple[Queue, dict[str, State]]:
    path = write_grid(tmp_path)
    path.write_text(dump(settings))
    store = Store(tmp_path / "store")
    plan = plan_of(path, store.root)
    queue = Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent())
    return queue, queue.run()


def test_masks_are_made_trained_on_and_probed(tmp_path: Path, settings: dict[str, Any]) -> None:
    queue, found = work_off(tmp_path, settings)
    assert {state.name for state in found.values()} == {DONE}
    (segmentation,) = queue.plan.of("nuclei")
    result = queue.store.run(segmentation.key).result()
    assert result is not None
    assert result.facts["samples"] == 24
    folder = (queue.store.run(segmentation.key).path / result.artifacts["nuclei"].path).parent
    for row in range(24):
        mask = np.asarray(Image.open(folder / "masks" / f"s{row:04d}.png"))
        he = np.asarray(Image.open(tmp_path / "pairs" / "he" / f"s{row:04d}.png").resize((32, 32), Image.BICUBIC))
        expected = np.zeros((16, 16), np.uint8)
        expected[:8, :8] = 1 + int(he.mean()) // 35 % 5
        assert np.array_equal(mask, expected)
    probes = [queue.store.run(run.key).result() for run in queue.plan.of("probe")]
    assert all(probe is not None and len(probe.facts["classes"]) == 6 for probe in probes)
    assert len(CLASSES) != 6


def test_ids_are_the_same_before_and_after_the_masks_are_there(tmp_path: Path, settings: dict[str, Any]) -> None:
    queue, _ = work_off(tmp_path, settings)
    again = plan_of(tmp_path / "tiny.yaml", queue.store.root)
    assert [run.key for run in again.runs] == [run.key for run in queue.plan.runs]
    assert all(not run.provisional for run in again.runs)


def test_other_weights_make_other_runs_of_all_that_follows(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = write_grid(tmp_path)
    path.write_text(dump(settings))
    one = plan_of(path, tmp_path / "store")
    path.write_text(dump({**settings, "weights_digest": "0" * 64}))
    other = plan_of(path, tmp_path / "store")
    for stage in ("nuclei", "pretrain"):
        assert not {run.key for run in one.of(stage)} & {run.key for run in other.of(stage)}


@pytest.mark.parametrize(
    ("over", "what"),
    [
        ({"python": "/nowhere/python"}, "'/nowhere/python' cannot run TIAToolbox"),
        ({"python": sys.executable}, "No module named 'tiatoolbox'"),
        ({"weights": "gone.pth"}, "there is no file 'gone.pth'"),
        ({"weights_digest": "0" * 64}, "have the SHA-256"),
    ],
)
def test_a_missing_tool_or_weights_are_named_before_anything_is_made(
    tmp_path: Path, settings: dict[str, Any], over: dict[str, str], what: str
) -> None:
    queue, found = work_off(tmp_path, settings | over)
    (segmentation,) = queue.plan.of("nuclei")
    assert what in found[segmentation.key].reason
    attempt = queue.store.run(segmentation.key).attempts()[-1]
    assert not (attempt.path / "nuclei").exists()


def test_a_tool_that_fails_says_why(tmp_path: Path, settings: dict[str, Any]) -> None:
    Path(settings["weights"]).write_text("broken")
    settings["weights_digest"] = hashlib.sha256(b"broken").hexdigest()
    queue, found = work_off(tmp_path, settings)
    assert "these weights do not fit" in found[queue.plan.of("nuclei")[0].key].reason


def test_what_an_earlier_attempt_segmented_is_not_done_again(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Ten patches' files are there already, the square of the first one moved by hand."""
    queue, _ = work_off(tmp_path, settings | {"python": "/nowhere/python"})
    (segmentation,) = queue.plan.of("nuclei")
    kept = queue.store.run(segmentation.key).checkpoints / "segmented"
    kept.mkdir(parents=True)
    outline = [[20, 20], [31, 20], [31, 31], [20, 31]]
    feature = f'{{"geometry": {{"type": "Polygon", "coordinates": [{outline}]}}, "properties": {{"class_value": 5}}}}'
    for row in range(10):
        (kept / f"{row}.json").write_text(f'{{"features": [{feature}]}}')
    queue, found = work_off(tmp_path, settings)
    assert {state.name for state in found.values()} == {DONE}
    run = queue.store.run(segmentation.key)
    masks = run.attempts()[-1].path / "nuclei" / "masks"
    assert np.asarray(Image.open(masks / "s0009.png"))[10:, 10:].min() == 5
    assert np.asarray(Image.open(masks / "s0010.png"))[10:, 10:].max() == 0
