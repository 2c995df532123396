"""A table of several stages: a supervised run by its own head beside the probes of its encoder."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from harness.config.read import read
from harness.config.table import TableSpec
from harness.errors import ConfigError, DataError
from harness.report.render import format_named
from harness.report.table import make_table
from support.frames import frame_of, row, small_spec

AXES = {"trained_on": ("tissue", "cell"), "label": ("tissue", "cell")}


def transfer() -> pd.DataFrame:
    """Two supervised runs, each at the label that it learnt, and four probes."""
    rows = [row("supervise", {"trained_on": name, "label": name}, 0, _auroc(0.9), evaluation_set=name) for name in "tc"]
    rows += [
        row("probe", {"trained_on": one, "label": other}, 0, _auroc(0.8 - 0.2 * (one != other)), evaluation_set=other)
        for one in "tc"
        for other in "tc"
    ]
    return frame_of(rows)


def _auroc(value: float) -> dict[str, float]:
    return {"test/auroc": value}


def spec(**settings: Any) -> TableSpec:
    given = {"rows": ("trained_on", "stage"), "columns": ("label",), "metrics": ("test/auroc",), "effects": ()}
    return small_spec(**{**given, "stage": ("supervise", "probe"), **settings})


def test_stages_stand_apart_in_one_table() -> None:
    block = make_table(transfer(), spec()).blocks[0]
    values = {each.head: [_shown(cell.estimates[0]) for cell in each.cells] for each in block.rows}
    assert values == {
        ("t", "supervise"): [0.9, None],
        ("t", "probe"): [0.8, 0.6],
        ("c", "supervise"): [None, 0.9],
        ("c", "probe"): [0.6, 0.8],
    }
    assert [cell.estimates[0].bold for cell in block.rows[0].cells if cell.estimates[0]] == [True]


def _shown(estimate: Any) -> float | None:
    return None if estimate is None else round(estimate.value, 6)


def test_one_stage_is_named_alone_or_in_a_list() -> None:
    assert read(TableSpec, {"stage": "probe", "rows": "pair", "metrics": "test/auroc"}, "test").stage == ("probe",)
    for stage in (("probe",), None):
        table = make_table(transfer(), spec(stage=stage, rows=("trained_on",)))
        assert len(list(table.cells())) == 4


def test_a_stage_against_another_is_an_effect() -> None:
    effect = {"axis": "stage", "treatment": "supervise", "control": "probe"}
    given = {"stage": ["supervise", "probe"], "rows": ["trained_on", "stage"], "columns": "label"}
    wanted = read(TableSpec, {**given, "metrics": "test/auroc", "effects": [effect]}, "test")
    wanted.check(AXES)
    found = make_table(transfer(), wanted).comparisons
    differences = {each.where["label"]: each.effect.difference for each in found if each.effect is not None}
    assert differences == {"t": pytest.approx(0.1), "c": pytest.approx(0.1)}


def test_stages_that_would_share_a_cell_are_refused() -> None:
    with pytest.raises(ConfigError, match="the axis 'stage' has 2 values and stands neither in rows nor in columns"):
        spec(rows=("trained_on",)).check(AXES)
    with pytest.raises(ConfigError, match="the table's axis 'stage' is none of this grid"):
        spec(stage=("probe",)).check(AXES)


def test_a_stage_that_the_grid_lacks_is_named() -> None:
    with pytest.raises(DataError) as caught:
        make_table(transfer(), spec(stage=("supervise", "prob")))
    assert "the grid has no run of the stage 'prob'" in str(caught.value)
    assert "legal: probe, supervise\n" in f"{caught.value}\n"


@pytest.mark.parametrize("form", ["markdown", "latex", "html"])
def test_every_format_prints_it(form: str) -> None:
    text = format_named(form).render(make_table(transfer(), spec()))
    assert "supervise" in text
    assert ".900" in text
