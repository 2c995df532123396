"""Numbers and names as they are printed."""

from __future__ import annotations

import pytest

from harness.evaluation.statistics import Interval
from harness.report.model import Estimate
from harness.report.numbers import counted, estimate_text, listed, metric_name, number, p_text, ranged, setting, span


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.871, ".871"),
        (1.0, "1.000"),
        (0.9996, "1.000"),
        (-0.004, "−.004"),
        (0.0, ".000"),
        (-0.0001, ".000"),
        (12.5, "12.500"),
    ],
)
def test_a_number_has_no_zero_before_its_point(value: float, shown: str) -> None:
    assert number(value, 3) == shown


def test_a_signed_number_has_a_sign_unless_it_is_negative_nothing() -> None:
    assert [number(value, 2, sign=True) for value in (0.1, -0.1, 0.0, -0.001)] == ["+.10", "−.10", "+.00", "+.00"]


def test_an_interval_below_zero_has_a_word_between_its_ends() -> None:
    assert span(Interval(0.862, 0.88, "student", "seeds", 3), 3) == ".862–.880"
    assert span(Interval(-0.02, 0.028, "student", "seeds", 3), 3) == "−.020 to .028"


def test_an_estimate_shows_its_interval_where_it_has_one_with_a_width() -> None:
    assert (
        estimate_text(Estimate("test/auroc", 0.871, Interval(0.862, 0.88, "student", "seeds", 3), 3), 3)
        == ".871 (.862–.880)"
    )
    assert estimate_text(Estimate("test/auroc", 0.5, Interval(0.5, 0.5, "bootstrap", "regions", 9), 1), 3) == ".500"
    assert estimate_text(Estimate("test/auroc", 0.5, None, 1), 2) == ".50"


def test_names_and_counts() -> None:
    assert [metric_name(name) for name in ("test/auroc", "val/macro_f1", "test/balanced_accuracy", "loss")] == [
        "AUROC",
        "macro F1 (val)",
        "balanced accuracy",
        "loss",
    ]
    assert (p_text(0.0312), p_text(0.0004)) == ("p = .031", "p < .001")
    assert setting({"shared_weights": "no", "label": "", "pair": "a"}) == "shared weights no, pair a"
    assert [counted(1, "seeds"), counted(5, "seeds"), counted(7180, "patches"), counted(1, "patches")] == [
        "1 seed",
        "5 seeds",
        "7,180 patches",
        "1 patch",
    ]
    assert [ranged([3, 3], "seeds"), ranged([5, 3], "seeds")] == ["3 seeds", "3 to 5 seeds"]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]
