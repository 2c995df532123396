"""Every grid file that is shipped parses, expands and plans, and says at its top what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.grid_file import read_grid_file
from harness.grid.planner import make_plan
from support.fresh import ROOT

CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
every_config = pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))


def test_the_quick_start_is_among_them() -> None:
    assert ROOT / "configs" / "quickstart.yaml" in CONFIGS


@every_config
def test_it_expands(path: Path) -> None:
    grid = read_grid_file(path)
    cells = list(grid.cells())
    assert cells
    assert len({tuple(cell.labels.items()) for cell in cells}) == len(cells)


@every_config
def test_it_plans_without_the_data(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = make_plan(read_grid_file(path), tmp_path / "data", str(path))
    assert len(plan.runs) == len({run.key for run in plan.runs}) > 0
    for run in plan.runs:
        assert run.build().key() == run.key


@every_config
def test_it_opens_with_its_command(path: Path) -> None:
    opening = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert any(f"harness submit configs/{path.relative_to(ROOT / 'configs')}" in line for line in opening)
