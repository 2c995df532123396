"""From a grid file to runs: what is made, what is joined, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.grid.plan import Plan, cells
from support.grids import plan_of, write_grid


def test_runs_follow_the_axes_and_each_is_probed(tmp_path: Path) -> None:
    plan = plan_of(write_grid(tmp_path), tmp_path / "store")
    assert [run.stage for run in plan.runs] == ["pretrain"] * 4 + ["probe"] * 6
    assert plan.axes == {"pair": ["asymmetric", "symmetric"], "seed": ["0", "1"], "floor": ["majority", "histogram"]}
    pretrained = {run.key for run in plan.of("pretrain")}
    assert {key for run in plan.of("probe") for key in run.inputs} == pretrained


def test_a_probe_takes_seed_view_and_data_from_what_it_reads(tmp_path: Path) -> None:
    plan = plan_of(write_grid(tmp_path), tmp_path / "store")
    upstream = {run.key: run for run in plan.of("pretrain")}
    for probe in plan.of("probe"):
        for key in probe.inputs:
            assert probe.seed == upstream[key].seed
            assert probe.settings["data"] == upstream[key].settings["data"]
            assert probe.settings["view"] == upstream[key].settings["branches"][0]["view"]


def test_every_run_comes_after_those_that_it_reads(tmp_path: Path) -> None:
    seen: set[str] = set()
    for run in plan_of(write_grid(tmp_path), tmp_path / "store").runs:
        assert set(run.inputs) <= seen
        seen.add(run.key)


def test_cells_that_mean_the_same_share_one_run(tmp_path: Path) -> None:
    twice = {"axes": {"pair": {"also symmetric": {"views": ["he", {"name": "identity", "modality": "he"}]}}}}
    plan = plan_of(write_grid(tmp_path, twice), tmp_path / "store")
    shared = [run for run in plan.of("pretrain") if len(run.labels) == 2]
    assert len(plan.of("pretrain")) == 4
    assert [[labels["pair"] for labels in run.labels] for run in shared] == [["symmetric", "also symmetric"]] * 2
    assert [len(runs) for labels, runs in cells(plan.of("probe")) if "pair" in labels] == [2, 2, 2]


def test_seeds_of_one_cell_share_its_id_in_every_stage(tmp_path: Path) -> None:
    plan = plan_of(write_grid(tmp_path), tmp_path / "store")
    for stage in plan.stages():
        found = [{run.cell for run in runs} for _, runs in cells(plan.of(stage))]
        assert [len(ids) for ids in found] == [1] * len(found)
        assert len(set.union(*found)) == len(found)


def test_ids_do_not_depend_on_where_the_data_lie_or_on_placement(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    one = plan_of(write_grid(here), tmp_path / "store")
    placed = {
        "checkpoint_every": 2,
        "resources": {"pretrain": {"ranks": 2}},
        "loader": {"name": "torch", "num_workers": 1},
    }
    other = plan_of(write_grid(there, placed), tmp_path / "store")
    assert [run.key for run in one.runs] == [run.key for run in other.runs]


@pytest.mark.parametrize(
    "over",
    [
        {"epochs": 3},
        {"objective": "ntxent"},
        {"objective": {"name": "vicreg", "variance_weight": 24.0}},
        {"precision": "bf16"},
        {"data": {"size": 8}},
        {"online_probe": "tissue"},
        {"augmentation": "none"},
    ],
)
def test_ids_depend_on_what_can_change_a_result(tmp_path: Path, over: dict[str, object]) -> None:
    before = {run.key for run in plan_of(write_grid(tmp_path), tmp_path / "store").of("pretrain")}
    after = {run.key for run in plan_of(write_grid(tmp_path, over), tmp_path / "store").of("pretrain")}
    assert not before & after


def test_one_changed_pixel_changes_every_id(tmp_path: Path) -> None:
    grid = write_grid(tmp_path)
    before = {run.key for run in plan_of(grid, tmp_path / "store").of("pretrain")}
    image = tmp_path / "pairs" / "he" / "s0000.png"
    image.write_bytes((tmp_path / "pairs" / "he" / "s0001.png").read_bytes())
    # The plan of a process reads the data once, so the change is seen by another data set of the same contents.
    (tmp_path / "pairs").rename(tmp_path / "moved")
    after = {run.key for run in plan_of(grid, tmp_path / "store", f"data.root={tmp_path / 'moved'}").of("pretrain")}
    assert not before & after


def test_without_the_data_a_plan_is_provisional(tmp_path: Path) -> None:
    plan = plan_of(write_grid(tmp_path), tmp_path / "store", "data.root=/nowhere")
    assert all(run.provisional for run in plan.runs)
    assert not any(run.provisional for run in plan_of(tmp_path / "tiny.yaml", tmp_path / "store").runs)


def test_a_plan_survives_the_disk(tmp_path: Path) -> None:
    plan = plan_of(write_grid(tmp_path), tmp_path / "store")
    assert Plan.load(plan.save(tmp_path / "grid")) == plan


WRONG = [
    ("epocs=3", "unknown key 'epocs'", "did you mean 'epochs'"),
    ("epochs=ten", "'epochs'", "valid integer"),
    ("objective=vicrge", "unknown objective 'vicrge'", "ntxent, supervised, vicreg"),
    ("encoder=resnet81", "unknown encoder 'resnet81'", "resnet18"),
    ("stage=pretain", "unknown stage 'pretain'", "pretrain"),
    ("axes.seed=[0, 0]", "'0' twice", "duplicate"),
    ("axes.seed=[]", "axis 'seed' has no values", "a list of values"),
    ("exclude=[{pair: lopsided}]", "no value 'lopsided'", "asymmetric, symmetric"),
    ("include=[{pair: symmetric, seed: 0}]", "stands twice", "remove it"),
    ("axes.pair.symmetric.views=[he]", "views is ['he']", "two or more"),
    ("axes.pair.symmetric.views=[he, hee]", "no modality 'hee'", "did you mean 'he'"),
    ("then=[{stage: probe, label: tisue}]", "no label 'tisue'", "did you mean 'tissue'"),
    ("then=[{stage: probe, of: translate, label: tissue}]", "'translate'", "pretrain"),
    ("then=[{label: tissue}]", "names no stage", "stage: probe"),
    ("resources.pretrain.ranks=4", "cannot be shared by 4 ranks", "1, 2, 3, 6 ranks"),
    ("resources.pretrian.ranks=2", "'pretrian'", "pretrain, probe"),
    ("table.rows=[pari]", "'pari'", "pair"),
    ("data.digest=00ff", "have the digest", "the planned one, 00ff"),
    ("global_batch_size", "is no setting", "key=value"),
    ("batch_norm_group=4", "batch_norm_group is 4", "6, or null"),
    ("fraction=1.5", "fraction", "less than or equal to 1"),
]


@pytest.mark.parametrize(("word", "what", "legal"), WRONG)
def test_a_wrong_setting_is_named_with_what_is_legal(tmp_path: Path, word: str, what: str, legal: str) -> None:
    grid = write_grid(tmp_path)
    with pytest.raises(HarnessError) as caught:
        plan_of(grid, tmp_path / "store", word)
    assert what in str(caught.value)
    assert legal in str(caught.value)
    assert not (tmp_path / "store" / "runs").exists()
    assert not (tmp_path / "store" / "grids").exists()
