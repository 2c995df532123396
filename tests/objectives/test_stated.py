"""What a run says that it minimises holds every setting of its objective."""

from __future__ import annotations

import pytest

from harness.objectives import Objective

every_objective = pytest.mark.parametrize("name", Objective.catalogue())


@every_objective
def test_each_setting_stands_in_the_formula(name: str) -> None:
    kind = Objective.catalogue()[name]
    for field, info in kind.model_fields.items():
        if isinstance(info.default, bool):
            continue
        changed = kind.model_validate({field: 0.625})
        assert "0.625" in changed.stated(), field
        assert "0.625" not in kind().stated()
    assert "$" not in kind().stated()


def test_the_papers_vicreg() -> None:
    assert Objective.parse("vicreg").stated() == (
        "25 mean((X-Y)^2) + 25 mean over Z in {X,Y} of mean_d relu(1 - sqrt(var_d Z + 1e-4)) "
        "+ 1 sum over Z in {X,Y} of sum_{d!=e} cov_de(Z)^2 / D"
    )


def test_a_fixed_scale_of_clip_is_a_temperature() -> None:
    fixed = Objective.parse({"name": "clip", "learnt": False})
    assert "t = 0.07" in fixed.stated()
    assert "learnt from ln(1 / 0.07)" in Objective.parse("clip").stated()
