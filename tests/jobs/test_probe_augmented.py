"""Heads trained on features of patches that are augmented anew in each epoch, beside those of cached features."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from harness.config.read import read
from harness.data.augment.table_s1 import TableS1
from harness.data.pack import pack
from harness.errors import ConfigError
from harness.evaluation.predictions import Predictions, read_predictions
from harness.grid.plan import PlannedRun
from harness.grid.stage import Stage
from harness.grid.states import DONE
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.models.files import restore_encoder
from harness.tracking.store import Store
from jobs.probe import Probe
from support.grids import plan_of, write_grid
from support.silent import Silent
from support.slow_heads import SlowHead

EPOCHS, BATCH, SEED, BRANCH = 3, 5, 3, 1
HEAD = {"name": "bn_linear", "epochs": EPOCHS, "global_batch_size": BATCH, "learning_rate": 0.01}
PROBE = {"stage": "probe", "label": "tissue", "branch": BRANCH, "head": HEAD}
KINDS: dict[str, dict[str, Any]] = {
    "cached": {},
    "none": {"head_inputs": "augmented", "augmentation": "none"},
    "table_s1": {"head_inputs": "augmented"},
}


@dataclass(frozen=True)
class Grid:
    """A pre-training run and its three probes, done."""

    store: Store
    pretrain: PlannedRun
    probes: dict[str, PlannedRun]

    def stage(self, kind: str) -> Probe:
        stage = read(Stage, self.store.run(self.probes[kind].key).record()["config"], "test")
        assert isinstance(stage, Probe)
        return stage

    def predictions(self, kind: str) -> Predictions:
        run = self.store.run(self.probes[kind].key)
        result = run.result()
        assert result is not None
        return read_predictions(run.path / result.artifacts["predictions"].path)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Grid:
    folder = tmp_path_factory.mktemp("augmented")
    axes = {"pair": {"asymmetric": {"views": ["panck", "he"]}}, "seed": [SEED]}
    then = [{**PROBE, **kind} for kind in KINDS.values()]
    path = write_grid(folder, {"axes": axes, "then": then, "floors": []})
    store = Store(folder / "store")
    plan = plan_of(path, store.root)
    found = Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    assert {state.name for state in found.values()} == {DONE}
    pretrain = next(run for run in plan.of("pretrain") if run.labels[0]["pair"] == "asymmetric")
    probes = [run for run in plan.of("probe") if run.inputs == (pretrain.key,)]
    return Grid(store, pretrain, dict(zip(KINDS, probes, strict=True)))


def test_without_an_augmentation_it_is_the_cached_probe_bit_for_bit(grid: Grid) -> None:
    cached, plain = grid.predictions("cached"), grid.predictions("none")
    assert plain.probabilities.tobytes() == cached.probabilities.tobytes()
    assert np.abs(grid.predictions("table_s1").probabilities - cached.probabilities).max() > 1e-3


def slow(grid: Grid, seed: int = SEED, branch: int = BRANCH, frozen_epoch: bool = False) -> np.ndarray:
    """The probe by hand: one patch at a time, augmented under its key, through the encoder; steps in float64."""
    run = grid.store.run(grid.pretrain.key)
    result, stage = run.result(), read(Stage, run.record()["config"], "test")
    assert result is not None
    index = stage.branches[BRANCH].encoder  # type: ignore[attr-defined]
    encoder = stage.encoders[index].build(3).eval()  # type: ignore[attr-defined]
    notes = restore_encoder(run.path / result.artifacts[f"encoder_{index}"].path, encoder)
    mean, std = (np.array(each) for each in json.loads(notes["statistics"])[BRANCH])
    packed = pack(stage.data, grid.store.packs)  # type: ignore[attr-defined]
    images, label = packed.array("he"), packed.label("tissue")
    augment = TableS1(backend="torch").build(seed)

    def feature(image: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found: np.ndarray = encoder(torch.from_numpy(((image - mean) / std).transpose(2, 0, 1)[None]).float())
        return np.asarray(found)[0]

    def augmented(row: int, epoch: int) -> np.ndarray:
        made = augment(torch.from_numpy(np.array(images[row : row + 1])), packed.keys[row : row + 1], epoch, branch)
        return made[0].permute(1, 2, 0).numpy().astype(np.float64)

    train, test = packed.rows("train"), packed.rows("test")
    generator = torch.Generator().manual_seed(SEED)
    head = SlowHead("bn_linear", encoder.num_features, len(label.classes), generator, HEAD["learning_rate"])  # type: ignore[arg-type]
    for epoch in range(EPOCHS):
        order = torch.randperm(len(train), generator=generator).tolist()
        for at in range(0, len(order), BATCH):
            rows = train[order[at : at + BATCH]]
            seen = [feature(augmented(row, 0 if frozen_epoch else epoch)) for row in rows]
            head.step(np.stack(seen), label.values[rows])
    found = head.probabilities(np.stack([feature(images[row].astype(np.float64) / 255) for row in test]))
    return found[np.argsort(np.array(packed.ids)[test], kind="stable")]


def test_with_table_s1_it_is_a_loop_over_single_patches(grid: Grid) -> None:
    found = grid.predictions("table_s1").probabilities
    assert np.abs(found - slow(grid)).max() < 2e-4
    for other in (slow(grid, seed=SEED + 1), slow(grid, branch=0), slow(grid, frozen_epoch=True)):
        assert np.abs(found - other).max() > 1e-3, "the draws follow the seed, the branch and the epoch"


def test_the_run_records_how_it_augmented(grid: Grid) -> None:
    record = grid.store.run(grid.probes["table_s1"].key).record()["config"]
    assert record["head_inputs"] == "augmented"
    assert record["augmentation"]["name"] == "table_s1"
    facts = {kind: grid.store.run(run.key).result().facts for kind, run in grid.probes.items()}  # type: ignore[union-attr]
    assert facts["table_s1"]["augmented_by"] in ("torch", "numba")
    assert facts["none"]["augmented_by"] == "torch"
    assert "augmented_by" not in facts["cached"]


def test_the_result_says_what_was_found_of_each_class(grid: Grid) -> None:
    result, predictions = grid.store.run(grid.probes["cached"].key).result(), grid.predictions("cached")
    assert result is not None
    assert sum(map(sum, result.facts["confusion"])) == len(predictions.labels)
    assert result.facts["per_class"]["support"] == np.bincount(predictions.labels, minlength=3).tolist()
    recall = [share for share in result.facts["per_class"]["recall"] if share is not None]
    assert np.mean(recall) == pytest.approx(result.metrics["test/balanced_accuracy"])


def test_it_costs_a_pass_for_each_epoch(grid: Grid) -> None:
    assert grid.stage("cached").price().units == 1
    assert grid.stage("none").price().units == 1 + EPOCHS
    assert grid.stage("none").price().key != grid.stage("cached").price().key


def settings(**over: Any) -> dict[str, Any]:
    given = {
        "data": {"name": "folder", "root": "nowhere", "size": 16},
        "view": "he",
        "label": "tissue",
        "features": {"name": "encoder", "run": "pretrain/0"},
        "head": "linear",
    }
    return {"name": "probe", **given, **over}


def test_a_cached_probe_keeps_the_id_that_it_had() -> None:
    plain = read(Stage, settings(), "test")
    assert read(Stage, settings(head_inputs="cached", augmentation=None), "test").key() == plain.key()
    augmented = read(Stage, settings(head_inputs="augmented"), "test")
    assert augmented.key() != plain.key()
    assert read(Stage, settings(head_inputs="augmented", augmentation="table_s1"), "test").key() == augmented.key()


@pytest.mark.parametrize("head", ["linear", "bn_linear", "mlp256"])
def test_heads_that_are_trained_by_steps_can_have_augmented_inputs(head: str) -> None:
    probe = read(Stage, settings(head=head, head_inputs="augmented"), "test")
    assert isinstance(probe, Probe)
    assert isinstance(probe.augmentation, TableS1)


RANDOM = {"name": "random_encoder", "encoder": {"name": "small_conv", "widths": [4]}}


@pytest.mark.parametrize(
    ("over", "wording", "legal"),
    [
        ({"head": "knn"}, "the head 'knn'", "bn_linear, linear, mlp256"),
        ({"head": "logistic"}, "the head 'logistic'", "bn_linear, linear, mlp256"),
        ({"features": "majority"}, "the features 'majority'", "encoder, pretrained"),
        ({"features": "histogram"}, "the features 'histogram'", "encoder, pretrained"),
        ({"features": RANDOM}, "the features 'random_encoder'", "encoder, pretrained"),
    ],
)
def test_what_cannot_be_augmented_says_so(over: dict[str, Any], wording: str, legal: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(Stage, settings(head_inputs="augmented", **over), "test")
    assert f"head_inputs 'augmented' does not go with {wording}" in str(caught.value)
    assert f"legal: {legal}\n" in str(caught.value)


def test_an_augmentation_without_effect_is_refused() -> None:
    with pytest.raises(ConfigError, match="the augmentation 'table_s1' has no effect on cached features"):
        read(Stage, settings(augmentation="table_s1"), "test")
