"""Protocols by name: what they stand for, what is laid over them, and how a run says where it departs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.config.read import read
from harness.errors import ConfigError
from harness.grid.stage import Stage
from jobs.pretrain import Pretrain
from jobs.probe import Probe
from jobs.protocol import departures
from jobs.run.announced import announce
from support.grids import plan_of, write_grid

VIEWS: dict[str, Any] = {"views": ["he", "panck"], "data": {"name": "folder", "root": "pairs", "size": 224}}


def settled(**settings: Any) -> Pretrain:
    stage = read(Stage, {"name": "pretrain", **Pretrain.settle(VIEWS | settings)}, "grid.yaml")
    assert isinstance(stage, Pretrain)
    return stage


def test_the_authors_by_name_depart_in_nothing() -> None:
    stage = settled(protocol="authors")
    assert list(departures(stage)) == []
    assert stage.tags()["protocol"] == "authors"
    assert (stage.optimiser.eps, stage.optimiser.clip_norm, stage.optimiser.clip_scale) == (1e-7, 1.0, "sum")
    assert (stage.normalise, stage.shuffle_window, stage.objective.name) == ("raw", 1024, "vicreg_authors")
    assert {encoder.name for encoder in stage.encoders} == {"keras_resnet50"}
    assert {branch.augmentation.name for branch in stage.branches} == {"table_s1_authors"}
    assert stage.expanders[0].initialisation == "glorot"


def test_the_paper_is_what_the_defaults_are() -> None:
    named, silent = settled(protocol="paper", objective="vicreg"), settled(objective="vicreg")
    assert named == silent
    assert list(departures(named)) == []


def test_both_protocols_hold_the_papers_numbers() -> None:
    for name in ("paper", "authors"):
        stage = settled(protocol=name, objective="vicreg")
        assert (stage.epochs, stage.global_batch_size, stage.optimiser.lr) == (100, 128, 1e-4)
        assert (stage.schedule.warmup_epochs, stage.expanders[0].width, stage.expanders[0].depth) == (0.1, 8192, 3)


def test_a_file_is_laid_over_its_protocol_and_the_run_says_so() -> None:
    stage = settled(protocol="authors", optimiser={"lr": 1e-3}, encoder="resnet18", epochs=5, expander={"width": 64})
    assert stage.optimiser.clip_norm == 1.0, "what the file does not name stays the protocol's"
    found = {place: (now, wanted) for place, now, wanted in departures(stage)}
    assert found == {
        "optimiser.lr": (1e-3, 1e-4),
        "encoders.0": ("timm", "keras_resnet50"),
        "encoders.1": ("timm", "keras_resnet50"),
        "epochs": (5, 100),
        "expanders.0.width": (64, 8192),
        "expanders.1.width": (64, 8192),
    }
    assert stage.tags()["protocol"] == "authors, changed"


def test_a_protocols_name_alone_is_no_other_run(tmp_path: Path) -> None:
    """Two grids that say the same in different words share their runs."""
    words = {"objective": "vicreg", "epochs": 2}
    assert settled(protocol="paper", **words).key() == settled(**words).key()


def test_a_misspelt_protocol_names_the_legal_ones() -> None:
    with pytest.raises(ConfigError, match=r"(?s)'author'.*legal: paper, authors.*authors"):
        settled(protocol="author")


def test_branches_that_are_written_out_take_no_protocol() -> None:
    with pytest.raises(ConfigError, match="written out"):
        Pretrain.settle({"protocol": "authors", "branches": []})


def test_a_run_tells_its_choices_once(tmp_path: Path) -> None:
    stage = settled(protocol="authors", epochs=7)
    text = announce(stage, "pretrain/abc")
    lines = text.splitlines()
    assert lines[0] == "pretrain/abc"
    assert f"objective vicreg_authors: {stage.objective.stated()}" in lines
    assert "protocol authors, but for" in lines
    assert "  epochs: 7 (the protocol has 100)" in lines
    assert "  optimiser.clip_norm: 1.0" in lines
    assert "  branches.1.view.modality: panck" in lines
    assert len(lines) == len(set(lines)), "each choice stands once"


def test_a_protocol_is_an_axis_like_any_other(tmp_path: Path) -> None:
    over = {
        "axes": {"protocol": ["paper", "authors"], "seed": [0]},
        "exclude": [{"pair": "symmetric"}],
        "then": [], "floors": [], "table": None,
    }  # fmt: skip
    plan = plan_of(write_grid(tmp_path, over), tmp_path / "store")
    tags = [run.build().tags()["protocol"] for run in plan.runs]
    assert tags == ["paper, changed", "authors, changed"]
    assert len({run.key for run in plan.runs}) == 2


@pytest.mark.parametrize(
    ("name", "head", "augmentation"), [("paper", "linear", "table_s1"), ("authors", "mlp256", "table_s1_authors")]
)
def test_a_probe_by_a_protocols_name(tmp_path: Path, name: str, head: str, augmentation: str) -> None:
    over = {"then": [{"stage": "probe", "label": "tissue", "protocol": name}], "axes": {"seed": [0]}, "table": None}
    plan = plan_of(write_grid(tmp_path, over), tmp_path / "store")
    probes = [run.build() for run in plan.runs if run.stage == "probe"]
    learnt = [probe for probe in probes if probe.features.name == "encoder"]
    assert len(learnt) == 2
    assert {(probe.head.name, probe.augmentation.name) for probe in learnt} == {(head, augmentation)}
    assert {probe.head_inputs for probe in probes if probe not in learnt} == {"cached"}, "floors are not augmented"


def test_a_probes_own_settings_lie_over_its_protocol() -> None:
    assert Probe.settle({"protocol": "authors", "head": "linear"})["head"] == "linear"
    with pytest.raises(ConfigError, match="legal: paper, authors"):
        Probe.settle({"protocol": "theirs"})
