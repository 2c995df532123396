"""The supervised baseline as a stage: what it takes, what it refuses, its transfer and its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.cli.grids import table_of
from harness.config.grid_file import read_grid_file
from harness.config.plain import identity
from harness.config.read import read
from harness.config.yaml import dump
from harness.data.pack import pack
from harness.distributed.world import World
from harness.errors import ConfigError, HarnessError
from harness.evaluation.predictions import read_predictions
from harness.grid.plan import Plan, PlannedRun
from harness.grid.planner import make_plan
from harness.grid.stage import Stage
from harness.grid.states import DONE, FAILED, State
from harness.grid.work import Work
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.models.files import load_encoder
from harness.report.collect import rows
from harness.report.replicate import replica_of
from harness.tracking.result import Result
from harness.tracking.store import Store
from jobs.features import Source
from jobs.features.encoder import OfEncoder
from jobs.supervise import Supervise
from support.images import CLASSES, edit_row, make_folder, read_rows
from support.silent import Silent
from support.supervised_runs import two_labels

TINY: dict[str, Any] = {
    "stage": "supervise",
    "view": "he",
    "encoder": {"name": "small_conv", "widths": [4, 8]},
    "augmentation": "none",
    "epochs": 2,
    "global_batch_size": 6,
    "optimiser": {"lr": 1e-2},
    "log_every": 1,
}
HEAD = {"name": "linear", "epochs": 2}


def supervise(**settings: Any) -> Supervise:
    given = {"data": {"name": "folder", "root": "nowhere", "size": 32}, "view": "he", "label": "tissue", **settings}
    found = read(Stage, {"name": "supervise", **Supervise.settle(given)}, "test")
    assert isinstance(found, Supervise)
    return found


def test_the_defaults_are_those_of_pre_training() -> None:
    """Section 2.2: ResNet-50, 100 epochs, a batch of 128, Adam at 1e-4, a tenth of an epoch; Table S1."""
    stage = supervise()
    assert stage.encoder.model == "resnet50"  # type: ignore[attr-defined]
    assert (stage.augmentation.name, stage.objective.name) == ("table_s1", "supervised")
    assert (stage.epochs, stage.global_batch_size) == (100, 128)
    assert (stage.optimiser.lr, stage.schedule.warmup_epochs) == (1e-4, 0.1)
    assert stage.batch_norm_group is None, "batch norm over the whole global batch"
    assert stage.tags()["protocol"] == "paper"
    assert stage.tags() | {"objective": "supervised", "encoder": "resnet50", "label": "tissue"} == stage.tags()


def test_it_is_priced_as_one_encoder() -> None:
    price = supervise(encoder="resnet18", epochs=3, steps=7, global_batch_size=10).price()
    assert price.units == 70
    assert price.key == "supervise resnet18 32 fp32"
    assert price.final_bytes > 4 * 11e6


def test_a_fraction_is_stratified_by_the_label_and_by_nothing_else() -> None:
    assert supervise().stratify_by == "tissue"
    assert identity(supervise()) == identity(supervise(stratify_by="tissue"))
    with pytest.raises(ConfigError) as caught:
        supervise(stratify_by="cell")
    assert "stratify_by is 'cell', but the label that is learnt is 'tissue'" in str(caught.value)


def test_the_authors_protocol_has_no_objective_for_labels() -> None:
    stage = supervise(protocol="authors")
    assert (stage.objective.name, stage.augmentation.name) == ("supervised", "table_s1_authors")
    assert (stage.encoder.name, stage.normalise, stage.shuffle_window) == ("keras_resnet50", "raw", 1024)


@pytest.mark.parametrize("objective", ["vicreg", "ntxent"])
def test_an_objective_without_labels_is_refused_when_planned(objective: str) -> None:
    with pytest.raises(ConfigError) as caught:
        supervise(objective=objective).check(1)
    assert f"objective '{objective}' does not learn from labels" in str(caught.value)
    assert "legal: supervised\n" in str(caught.value)


def write(folder: Path, **over: Any) -> Path:
    path = folder / "grid.yaml"
    path.write_text(dump({**TINY, "data": {"name": "folder", "root": str(folder / "pairs"), "size": 16}, **over}))
    return path


def planned(path: Path, store: Store) -> Plan:
    return make_plan(read_grid_file(path), store.packs, str(path))


def submitted(path: Path, store: Store) -> tuple[Plan, dict[str, State]]:
    plan = planned(path, store)
    found = Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    return plan, dict(found)


def test_an_unknown_label_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs")
    with pytest.raises(ConfigError) as caught:
        planned(write(tmp_path, label="tisue"), Store(tmp_path / "store"))
    assert "the data set 'tiny pairs' has no label 'tisue'" in str(caught.value)
    assert "legal: tissue\n" in str(caught.value)
    assert "did you mean 'tissue'?" in str(caught.value)


def reason(folder: Path, **over: Any) -> str:
    """Why the only run of a grid failed."""
    store = Store(folder / "store")
    plan, found = submitted(write(folder, label="tissue", **over), store)
    (run,) = plan.runs
    assert found[run.key].name == FAILED
    assert store.run(run.key).result() is None
    return found[run.key].reason


def test_an_image_too_small_for_the_encoder_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs", n=24)
    found = reason(tmp_path, encoder={"name": "small_conv", "widths": [4, 4, 4, 4, 8]})
    assert "images of 16 px are too small for this encoder" in found


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_that_a_split_lacks_is_named(tmp_path: Path, split: str) -> None:
    made = make_folder(tmp_path / "pairs", n=24)
    for row, cells in enumerate(read_rows(made / "manifest.csv")):
        if cells["split"] == split and cells["tissue"] == CLASSES[2]:
            edit_row(made, row, tissue=CLASSES[0])
    assert f"no sample of the split '{split}' of 'tiny pairs' is of the class {CLASSES[2]}" in reason(tmp_path)


def test_a_split_without_any_label_is_named(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", n=24)
    for row, cells in enumerate(read_rows(made / "manifest.csv")):
        if cells["split"] == "train":
            edit_row(made, row, tissue="")
    assert "no sample of the split 'train' of 'tiny pairs' has the label 'tissue'" in reason(tmp_path)


@dataclass(frozen=True)
class Done:
    """A grid that trains on either of two labels and probes both; all runs by what they were trained and tested on."""

    store: Store
    plan: Plan

    def run(self, trained_on: str, label: str | None = None) -> PlannedRun:
        """The supervised run, or the probe of its encoder."""
        wanted = {"trained_on": trained_on, "seed": "0", **({"label": label} if label else {})}
        (found,) = [run for run in self.plan.runs if wanted in run.labels]
        return found

    def result(self, run: PlannedRun) -> Result:
        found = self.store.run(run.key).result()
        assert found is not None
        return found


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("transfer")
    two_labels(folder)
    axes = {"trained_on": {name: {"label": name} for name in ("tissue", "cell")}, "seed": [0]}
    path = write(
        folder,
        axes=axes,
        epochs=6,
        fraction=0.7,
        then=[{"stage": "probe", "fraction": 0.7, "axes": {"label": ["tissue", "cell"]}, "head": HEAD}],
        floors=[{"features": "majority"}, {"features": {"name": "random_encoder", "encoder": TINY["encoder"]}}],
        table={"stage": ["supervise", "probe"], "rows": ["trained_on", "stage"], "columns": "label"}
        | {"metrics": ["test/accuracy", "test/auroc"]},
    )
    store = Store(folder / "store")
    plan, found = submitted(path, store)
    assert {state.name for state in found.values()} == {DONE}
    return Done(store, plan)


@pytest.mark.parametrize("trained_on", ["tissue", "cell"])
@pytest.mark.parametrize("label", ["tissue", "cell"])
def test_an_encoder_that_learnt_one_label_is_probed_for_another(done: Done, trained_on: str, label: str) -> None:
    upstream, probe = done.result(done.run(trained_on)), done.result(done.run(trained_on, label))
    assert done.run(trained_on, label).inputs == (done.run(trained_on).key,)
    assert probe.facts["paired"] == []
    assert probe.facts["target_in_pair"] is False, "the label is derived from another modality, which no branch saw"
    assert probe.facts["trained"] is upstream.facts["trained"]
    assert set(probe.metrics) == {f"test/{name}" for name in ("accuracy", "balanced_accuracy", "auroc", "macro_f1")}


@pytest.mark.parametrize("label", ["tissue", "cell"])
def test_it_stands_beside_probes_of_the_same_test_set(done: Done, label: str) -> None:
    own, probe = done.result(done.run(label)), done.result(done.run(label, label))
    shared = ("evaluation_set", "classes", "derived_from", "group_kind", "synthetic", "data_name", "target_in_pair")
    assert {name: own.facts[name] for name in shared} == {name: probe.facts[name] for name in shared}
    assert set(probe.metrics) <= set(own.metrics)
    assert set(probe.facts["per_class"]) == set(own.facts["per_class"])
    assert own.facts["views"] == ["he"]
    one, other = (_predictions(done, run) for run in (done.run(label), done.run(label, label)))
    assert one.same_samples(other)


@pytest.mark.parametrize("label", ["tissue", "cell"])
def test_its_fraction_is_that_of_a_probes_head(done: Done, label: str) -> None:
    files = [done.store.run(run.key).path / done.result(run).artifacts["train_ids"].path for run in _pair(done, label)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(files[0].read_text().splitlines()) - 1 == done.result(done.run(label)).facts["samples"]


def _pair(done: Done, label: str) -> tuple[PlannedRun, PlannedRun]:
    return done.run(label), done.run(label, label)


def _predictions(done: Done, run: PlannedRun) -> Any:
    return read_predictions(done.store.run(run.key).path / done.result(run).artifacts["predictions"].path)


def test_the_encoder_that_a_probe_reads_is_the_one_under_the_head(done: Done) -> None:
    """Features as a probe has them, through the head that was kept, are the run's own predictions."""
    run = done.run("tissue")
    stage, folder = run.build(), done.store.run(run.key)
    assert isinstance(stage, Supervise)
    packed = pack(stage.data, done.store.packs)
    test = packed.rows("test")
    work = Work(done.store, folder, folder.attempts()[0], World(0, 1, torch.device("cpu")), None, 1, lambda: False)
    features = OfEncoder(run=run.key).extract(Source(packed, stage.view, test, 0, work), test)
    head, _ = load_encoder(folder.path / done.result(run).artifacts["head"].path)
    shares = (torch.from_numpy(features) @ head["weight"].T + head["bias"]).softmax(1).numpy()
    order = np.argsort(packed.ids[test])
    assert np.abs(shares[order] - _predictions(done, run).probabilities).max() < 1e-6


def test_one_table_holds_its_own_head_and_the_probes_of_its_encoder(done: Done) -> None:
    table = table_of(done.plan, done.store)
    found = {tuple(cell.axes[name] for name in ("trained_on", "stage", "label")): cell for cell in table.cells()}
    assert len(found) == 8
    for (trained_on, stage, label), cell in found.items():
        if stage == "supervise" and trained_on != label:
            assert cell.reason == "not planned"
            continue
        run = done.run(trained_on, label if stage == "probe" else None)
        estimate = cell.estimates[0]
        assert estimate is not None
        assert estimate.value == done.result(run).metrics["test/accuracy"]
        assert estimate.interval is not None, "over the test groups, from the predictions that the run kept"
    assert "majority" in {cell.runs[0].floor for cell in table.floors()}


def test_its_replica_has_the_rows_of_its_table(done: Done) -> None:
    replica = replica_of(done.plan, done.store, {}, "")
    handed = [run.row for cell in replica.cells for run in cell.runs]
    assert sorted(handed, key=str) == sorted(rows(done.plan, done.store), key=str)
    own = {row["axis.trained_on"]: row["axis.label"] for row in handed if row["stage"] == "supervise"}
    assert own == {"tissue": "tissue", "cell": "cell"}, "its place is the label that it was tested on"


def test_a_probe_of_it_has_no_second_branch(done: Done) -> None:
    settings = {"stage": "probe", "label": "tissue", "branch": 1}
    with pytest.raises(HarnessError, match="there is no branch 1"):
        Stage.catalogue()["probe"].follow(settings, done.run("tissue").build(), "supervise/0")
