"""A table's settings: what reads, what is refused, and what a grid must have for it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.plain import to_plain
from harness.config.read import read
from harness.config.table import EffectSpec, TableSpec
from harness.errors import ConfigError

AXES = {"pair": ("asymmetric", "symmetric"), "objective": ("vicreg", "ntxent"), "seed": ("0", "1"), "size": ("64",)}
LEAST: dict[str, Any] = {"rows": ["pair"], "columns": "objective", "metrics": "test/auroc"}
EFFECT = {"axis": "pair", "treatment": "asymmetric", "control": "symmetric"}


def spec(**settings: Any) -> TableSpec:
    return read(TableSpec, LEAST | settings, "grid.yaml")


def refused(**settings: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        spec(**settings).check(AXES)
    return str(caught.value)


def test_one_name_alone_is_a_list_of_one_and_the_rest_has_defaults() -> None:
    found = spec(effects=[EFFECT])
    assert (found.rows, found.columns, found.metrics) == (("pair",), ("objective",), ("test/auroc",))
    assert (found.title, found.stage, found.bold, found.digits) == ("", None, "column", 3)
    assert found.effects == (EffectSpec(axis="pair", treatment="asymmetric", control="symmetric"),)
    assert TableSpec.model_validate(to_plain(found)) == found


def test_a_table_that_fits_its_grid_is_accepted() -> None:
    spec(effects=[EFFECT]).check(AXES)


@pytest.mark.parametrize(
    ("settings", "wording"),
    [
        ({"rows": []}, "'rows'"),
        ({"metrics": []}, "'metrics'"),
        ({"bold": "best"}, "'column', 'row' or 'none', but it is 'best'"),
        ({"digits": 0}, "greater than or equal to 1"),
        ({"colums": "x"}, "did you mean 'columns'?"),
        ({"rows": ["pair", "pair"]}, "the table names the axis 'pair' twice"),
        ({"columns": ["pair"]}, "the table names the axis 'pair' twice"),
        ({"metrics": ["test/auroc", "test/auroc"]}, "the table names the metric 'test/auroc' twice"),
        ({"effects": [EFFECT | {"control": "asymmetric"}]}, "compares 'asymmetric' with itself"),
        ({"effects": [EFFECT | {"expect": "negative"}]}, "'positive' or 'none'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], wording: str) -> None:
    assert wording in refused(**settings)


def test_axes_that_the_grid_does_not_have_are_named_with_those_that_it_has() -> None:
    text = refused(rows=["pairs"])
    assert "the table's axis 'pairs' is none of this grid" in text
    assert "legal: pair, objective, size" in text
    assert "did you mean 'pair'?" in text
    assert "is none of this grid" in refused(rows=["pair", "seed"])


def test_effects_on_axes_or_values_that_the_grid_does_not_have_are_refused() -> None:
    assert "the effect's axis 'pear' is none of this grid" in refused(effects=[EFFECT | {"axis": "pear"}])
    text = refused(effects=[EFFECT, EFFECT | {"control": "symetric"}])
    assert "'symetric' is no value of the axis 'pair'" in text
    assert "where: table.effects.1" in text
    assert "legal: asymmetric, symmetric" in text


def test_an_axis_that_varies_must_stand_somewhere() -> None:
    text = refused(columns=[])
    assert "the axis 'objective' has 2 values and stands neither in rows nor in columns" in text
    assert "add 'objective' to the table's rows or columns" in text
