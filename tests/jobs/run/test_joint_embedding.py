"""A whole pre-training through the command line: what its journal and result say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.config.yaml import dump, parse
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store
from jobs.run.joint_embedding import JointEmbedding
from support.command_line import Said, harness
from support.grids import plan_of, write_grid

ALONE: dict[str, Any] = {
    "exclude": [{"pair": "symmetric"}],
    "axes": {"seed": [0]},
    "then": [],
    "floors": [],
    "table": None,
}


def submitted(folder: Path, capsys: pytest.CaptureFixture[str], **over: Any) -> tuple[Said, RunFolder]:
    """One run in this process, and what the command printed."""
    grid, store = write_grid(folder, ALONE | over), folder / "store"
    said = harness(capsys, "submit", str(grid), "--store", str(store), "--no-sync", "--launcher", "inline")
    return said, Store(store).run(plan_of(grid, store).runs[0].key)


def test_the_journal_has_the_diagnostics_of_every_logged_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, run = submitted(tmp_path, capsys)
    assert said.code == 0
    for entry in run.history():
        assert entry.values["train/embedding_std_0"] > 0
        assert 1 <= entry.values["train/embedding_rank_1"] <= 6
        assert 1 <= entry.values["train/representation_rank_0"] <= 6
        assert -1 <= entry.values["train/alignment"] <= 1
        assert entry.values["train/embedding_norm_1"] > 0


def test_a_start_tells_formula_protocol_and_choices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, run = submitted(tmp_path, capsys)
    assert said.out.count("objective vicreg: 25 mean((X-Y)^2)") == 1
    assert "protocol paper, but for" in said.out
    assert "  epochs: 2 (the protocol has 100)" in said.out
    assert "epochs" in run.result().facts["departures"]


def test_a_number_that_is_none_is_named_with_its_branch_and_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second branch's expander yields one NaN at the third step."""
    build, seen = JointEmbedding._model, []

    def poisoned(self: JointEmbedding) -> torch.nn.Module:
        model = build(self)

        def spoil(module: torch.nn.Module, inputs: Any, z_BD: torch.Tensor) -> torch.Tensor:
            seen.append(1)
            return z_BD.masked_fill(torch.eye(*z_BD.shape, dtype=torch.bool), torch.nan) if len(seen) == 3 else z_BD

        model.expanders[1].last.register_forward_hook(spoil)
        return model

    monkeypatch.setattr(JointEmbedding, "_model", poisoned)
    said, run = submitted(tmp_path, capsys)
    assert said.code != 0
    text = " ".join(str(entry) for entry in run.attempts()[-1].entries()) + said.err + said.out
    assert "in step 3 (epoch 0)" in text
    assert "embedding_norm_1 is nan" in text
    assert "embedding_norm_0 is nan" not in text
    assert run.result() is None


def test_steps_in_place_of_epochs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, run = submitted(tmp_path, capsys, steps=7, epochs=1)
    assert said.code == 0
    assert run.history()[-1].step == 7
    assert run.result().facts["steps"] == 7
    assert run.history()[-1].values["train/lr"] > 0


def test_raw_inputs_are_grey_levels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[torch.Tensor] = []
    terms = JointEmbedding._terms

    def seen(self: JointEmbedding, model: torch.nn.Module, batch: Any) -> Any:
        reached.extend(batch.inputs)
        return terms(self, model, batch)

    monkeypatch.setattr(JointEmbedding, "_terms", seen)
    said, _ = submitted(tmp_path, capsys, normalise="raw", augmentation="none", epochs=1)
    assert said.code == 0
    levels = torch.cat([x.flatten() for x in reached]).double().numpy()
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)
    assert levels.max() > 200


def written_out(view: str, index: int) -> dict[str, Any]:
    return {"view": view, "augmentation": "none", "encoder": index, "expander": index}


def test_three_branches_two_of_which_share_an_encoder_and_a_larger_teacher(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Primary, primary, paired: the primary ones share encoder and expander, the paired one has a wider encoder."""
    student, teacher = {"name": "small_conv", "widths": [4, 8]}, {"name": "small_conv", "widths": [8, 16]}
    grid = write_grid(tmp_path, ALONE | {"exclude": []})
    tiny = parse(grid.read_text(), str(grid))
    settings = {key: value for key, value in tiny.items() if key not in ("encoder", "expander")}
    settings |= {
        "axes": {"seed": [0]},
        "encoders": [student, teacher],
        "expanders": [{"width": 8}, {"width": 8}],
        "resources": {},
        "branches": [written_out("he", 0), written_out("he", 0), written_out("panck", 1)],
        "then": [{"stage": "probe", "label": "tissue", "axes": {"branch": [0, 1, 2]}, "head": {"name": "knn", "k": 3}}],
    }
    grid.write_text(dump(settings))
    store = tmp_path / "store"
    assert harness(capsys, "submit", str(grid), "--store", str(store), "--no-sync", "--launcher", "inline").code == 0
    run, *probes = (Store(store).run(planned.key) for planned in plan_of(grid, store).runs)
    result = run.result()
    assert sorted(result.artifacts) == ["encoder_0", "encoder_1"]
    assert {"train/embedding_std_2", "train/representation_rank_2"} <= set(run.history()[-1].values)
    assert len(probes) == 3
    assert probes[0].result().metrics == probes[1].result().metrics, "one encoder, one view"


@pytest.mark.parametrize(
    "over", [{"compile": True}, {"engine": {"name": "ddp", "channels_last": False}}, {"optimiser": {"fused": False}}]
)
def test_settings_of_speed_change_the_numbers_by_rounding_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], over: dict[str, Any]
) -> None:
    (tmp_path / "plain").mkdir()
    _, plain = submitted(tmp_path / "plain", capsys)
    said, run = submitted(tmp_path, capsys, **over)
    assert said.code == 0, said.out
    assert run.key != plain.key, "they are part of what a run is known by"
    for mine, theirs in zip(run.history(), plain.history(), strict=True):
        assert mine.values["train/loss"] == pytest.approx(theirs.values["train/loss"], rel=1e-4)
