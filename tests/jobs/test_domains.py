"""Domain batch norms through a whole run: an encoder is kept for each domain, and its probe reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from harness.errors import ConfigError
from harness.tracking.store import Store
from support.command_line import harness
from support.grids import plan_of, write_grid

OVER = {
    "shared_weights": True,
    "domain_batch_norm": True,
    "axes": {"seed": [0]},
    "exclude": [{"pair": "symmetric"}],
    "then": [
        {"stage": "probe", "label": "tissue", "axes": {"branch": [0, 1]}, "head": {"name": "linear", "epochs": 2}}
    ],
    "floors": [],
    "table": None,
}


def test_an_encoder_for_each_domain_with_one_set_of_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid, store = write_grid(tmp_path, OVER), tmp_path / "store"
    assert harness(capsys, "submit", str(grid), "--store", str(store), "--no-sync", "--launcher", "inline").code == 0
    runs = [Store(store).run(run.key) for run in plan_of(grid, store).runs]
    results = [run.result() for run in runs]
    assert all(result is not None for result in results), "both branches' probes found their encoder"
    names = ["encoder_0_domain_0", "encoder_0_domain_1"]
    assert sorted(results[0].artifacts) == names
    he, panck = (load_file(runs[0].path / results[0].artifacts[name].path) for name in names)
    same = {name for name in he if he[name].equal(panck[name])}
    assert {name for name in he if ".0.weight" in name} <= same, "convolutions are one"
    assert not {name for name in he if "running_mean" in name} & same, "statistics are each domain's"


@pytest.mark.parametrize("over", [{"shared_weights": False}, {"exclude": [{"pair": "asymmetric"}]}])
def test_it_is_refused_where_it_has_no_effect(tmp_path: Path, over: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="domain_batch_norm has no effect"):
        plan_of(write_grid(tmp_path, {**OVER, **over}), tmp_path / "store")
