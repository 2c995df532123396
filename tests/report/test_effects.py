"""Effects: what is paired with what, what is left out, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from harness.config.table import EffectSpec
from harness.errors import DataError
from harness.report.effect_words import reading, sentence, verdict
from harness.report.findings import Comparison
from harness.report.marks import Mark
from harness.report.model import Table
from harness.report.table import make_table
from support.frames import (
    demo_frame,
    demo_spec,
    frame_of,
    probed,
    row,
    small_frame,
    small_spec,
)


def compared(rows: list[dict[str, Any]], **effect: Any) -> Comparison:
    asked = EffectSpec(**{"axis": "pair", "treatment": "a", "control": "b", **effect})
    spec = small_spec(rows=("pair",), columns=(), metrics=("test/auroc",), effects=(asked,))
    return make_table(frame_of(rows), spec).comparisons[0]


def runs(pair: str, values: dict[int, float], **facts: Any) -> list[dict[str, Any]]:
    return [row("probe", {"pair": pair}, seed, {"test/auroc": value}, **facts) for seed, value in values.items()]


def test_seeds_are_paired_and_those_without_a_partner_are_left_out() -> None:
    found = compared([*runs("a", {0: 0.9, 1: 0.8, 5: 0.1}), *runs("b", {1: 0.7, 0: 0.85, 7: 0.2})])
    assert found.effect is not None
    assert found.effect.num_seeds == 2
    assert found.effect.difference == pytest.approx((0.05 + 0.1) / 2)
    assert found.effect.p == pytest.approx(stats.ttest_1samp([0.05, 0.1], 0).pvalue)


def test_no_seed_in_common_is_said() -> None:
    found = compared([*runs("a", {0: 0.9}), *runs("b", {1: 0.7})])
    assert (found.effect, found.detected) == (None, None)
    assert reading(found) == "not compared: no seed in common"


def test_a_cell_that_did_not_train_enters_no_effect() -> None:
    found = compared([*runs("a", {0: 0.9, 1: 0.8}), *runs("b", {0: 0.7, 1: 0.6}, trained=False)])
    assert found.effect is None
    assert found.marks == (Mark.UNTRAINED,)
    assert reading(found) == "not compared: b did not train"


def test_one_seed_has_a_difference_and_supports_no_claim(tmp_path: Path) -> None:
    rows = [probed(tmp_path, {"pair": pair}, 0, signal, (60, 8, 2)) for pair, signal in (("a", 3.0), ("b", 0.5))]
    found = compared(rows, expect="positive")
    assert found.effect is not None
    assert found.effect.interval is not None
    assert found.effect.interval.units == "regions"
    assert found.effect.interval.low > 0
    assert (found.detected, found.as_expected) == (None, None)
    assert reading(found) == "one seed: no claim"


def test_seeds_that_all_differ_by_the_same_support_no_claim() -> None:
    found = compared([*runs("a", {0: 0.9, 1: 0.8}), *runs("b", {0: 0.8, 1: 0.7})])
    assert reading(found) == "no spread between seeds: no claim"


def test_effects_are_made_for_each_setting_of_the_other_axes_and_corrected_together() -> None:
    table = make_table(small_frame(), small_spec())
    assert [tuple(each.where.values()) for each in table.comparisons] == [
        ("vicreg", "no"),
        ("vicreg", "yes"),
        ("ntxent", "no"),
        ("ntxent", "yes"),
    ]
    first, _, third, _ = table.comparisons
    assert first.effect is not None
    assert first.effect.p == pytest.approx(0.03510, abs=1e-5)
    assert first.p_holm == pytest.approx(2 * 0.03510, abs=1e-4)
    assert first.detected is False
    assert reading(first) == "no effect detected after Holm's correction"
    assert reading(third) == "no effect detected"
    assert third.p_holm == pytest.approx(0.47777, abs=1e-5)


def test_an_effect_carries_the_marks_of_both_its_cells(real_table: Table) -> None:
    marked = {each.where["label"] for each in real_table.comparisons if Mark.TARGET_IN_PAIR in each.marks}
    assert marked == {"panck", "tissue"}


def test_predictions_of_different_samples_under_one_name_are_refused(tmp_path: Path) -> None:
    rows = [probed(tmp_path, {"pair": "a"}, 0, 1.0, (60, 8, 2)), probed(tmp_path, {"pair": "b"}, 0, 1.0, (61, 8, 2))]
    with pytest.raises(DataError, match="their predictions are of different samples"):
        compared(rows)


def test_cells_of_different_evaluation_sets_have_no_effect(tmp_path: Path) -> None:
    rows = [*runs("a", {0: 0.9}), *runs("b", {0: 0.7}, evaluation_set="other")]
    asked = (EffectSpec(axis="pair", treatment="a", control="b"),)
    spec = small_spec(rows=("objective",), columns=("pair",), metrics=("test/auroc",), effects=asked)
    with pytest.raises(DataError, match="different evaluation sets"):
        make_table(frame_of([each | {"axis.objective": "x"} for each in rows]), spec)


def test_the_demo_detects_the_effect_that_is_there_and_none_where_there_is_none(demo_table: Table) -> None:
    signal, null = demo_table.comparisons
    assert (signal.detected, signal.as_expected) == (True, True)
    assert (null.detected, null.as_expected) == (False, True)
    assert signal.effect is not None
    assert signal.effect.interval is not None
    assert signal.effect.interval.units == "seeds and regions"
    found = verdict(demo_table)
    assert found is not None
    assert found.passed is True
    assert found.text == (
        "Check passed: an effect is detected where there is one (signal against symmetric), "
        "and none is detected where there is none (null against symmetric)."
    )


def test_the_demo_says_when_it_misses_an_effect_or_finds_one_that_is_not_there(tmp_path: Path) -> None:
    blind = verdict(make_table(demo_frame(tmp_path, signal=1.0), demo_spec()))
    assert blind is not None
    assert (blind.passed, blind.text) == (
        False,
        "Check FAILED: not as expected are signal against symmetric (no effect detected).",
    )
    seeing = verdict(make_table(demo_frame(tmp_path, null=2.0), demo_spec()))
    assert seeing is not None
    assert (seeing.passed, seeing.text) == (
        False,
        "Check FAILED: not as expected are null against symmetric (an effect is detected).",
    )


def test_a_harmful_treatment_is_not_the_effect_that_was_expected() -> None:
    rows = [*runs("a", {0: 0.5, 1: 0.51, 2: 0.49}), *runs("b", {0: 0.8, 1: 0.81, 2: 0.8})]
    found = compared(rows, expect="positive")
    assert (found.detected, found.as_expected) == (True, False)
    assert reading(found) == "an effect is detected, downwards"


def test_an_unfinished_check_is_undecided(tmp_path: Path) -> None:
    found = verdict(make_table(demo_frame(tmp_path, seeds=1), demo_spec()))
    assert found is not None
    assert found.passed is None
    assert found.text.startswith("Check undecided: signal against symmetric (one seed: no claim)")


def test_a_sentence_says_all_of_it() -> None:
    rows = [*runs("a", {0: 0.9, 1: 0.86, 2: 0.91}), *runs("b", {0: 0.7, 1: 0.68, 2: 0.7})]
    assert sentence(compared(rows, expect="positive"), 2) == (
        "a against b: an effect is detected: +.20 (.16 to .23), p = .002; as expected"
    )
