"""One cell: its mean and interval, its marks, and why it is empty or short of seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.report.cells import make_cell, mixed_revisions
from harness.report.kept import Kept, units
from harness.report.marks import Mark
from harness.report.model import Cell
from harness.report.runs import read_frame
from support.frames import frame_of, probed, row
from support.probes import random_predictions

PLACE = {"pair": "symmetric"}
METRIC = "test/auroc"


def cell(*rows: dict[str, Any], metrics: tuple[str, ...] = (METRIC,)) -> Cell:
    return make_cell(PLACE, read_frame(frame_of(rows)), metrics, Kept())


def done(seed: int, value: float = 0.8, **facts: Any) -> dict[str, Any]:
    return row("probe", PLACE, seed, {METRIC: value}, **facts)


def lost(seed: int, state: str, reason: str) -> dict[str, Any]:
    return row("probe", PLACE, seed, None, state=state, reason=reason)


def test_three_seeds_give_their_mean_and_students_interval() -> None:
    estimate = cell(done(0, 0.7), done(1, 0.8), done(2, 0.9)).estimates[0]
    assert estimate is not None
    assert estimate.value == pytest.approx(0.8)
    assert estimate.interval is not None
    assert (estimate.interval.low, estimate.interval.high) == pytest.approx((0.8 - 0.24841, 0.8 + 0.24841), abs=1e-4)
    assert (estimate.interval.method, estimate.num_runs) == ("student", 3)


def test_one_seed_has_an_interval_over_its_groups(tmp_path: Path) -> None:
    estimate = cell(probed(tmp_path, PLACE, 0, 1.0, (60, 6, 2), group_kind="patient")).estimates[0]
    assert estimate is not None
    assert estimate.interval is not None
    assert (estimate.interval.method, estimate.interval.units) == ("bootstrap", "patients")
    assert estimate.interval.low < estimate.value < estimate.interval.high


@pytest.mark.parametrize(
    ("kind", "num_groups", "named"),
    [
        ("region", 6, "regions"),
        ("patch", 60, "patches"),
        ("patient", 60, "patients"),
        ("", 60, "patches"),
        ("", 6, "groups"),
    ],
)
def test_groups_are_named_and_where_none_is_known_they_are_patches(kind: str, num_groups: int, named: str) -> None:
    run = read_frame(frame_of([done(0, group_kind=kind)]))[0]
    assert units(run, random_predictions(num_samples=60, num_groups=num_groups)) == named


def test_one_seed_without_predictions_has_no_interval() -> None:
    estimate = cell(done(0)).estimates[0]
    assert estimate is not None
    assert estimate.interval is None


def test_an_empty_cell_says_why_commonest_reason_first() -> None:
    found = cell(
        lost(0, "running", ""), lost(1, "failed", "failed: out of memory"), lost(2, "failed", "failed: out of memory")
    )
    assert found.empty
    assert found.reason == "failed: out of memory (2 of 3); running (1 of 3)"
    assert cell(lost(0, "missing", "missing"), lost(1, "missing", "missing")).reason == "missing"
    assert make_cell(PLACE, [], (METRIC,), Kept()).reason == "not planned"


def test_a_cell_with_lost_seeds_keeps_its_value_and_says_which_are_missing() -> None:
    found = cell(done(0, 0.7), done(1, 0.9), lost(2, "failed", "failed: time limit"))
    estimate = found.estimates[0]
    assert estimate is not None
    assert (estimate.value, estimate.num_runs) == (pytest.approx(0.8), 2)
    assert (len(found.done), len(found.runs)) == (2, 3)
    assert found.reason == "failed: time limit (1 of 3)"


def test_a_metric_that_was_not_measured_is_a_reason_too() -> None:
    found = cell(done(0), metrics=(METRIC, "test/accuracy"))
    assert found.estimates[1] is None
    assert found.reason == "test/accuracy not measured"


@pytest.mark.parametrize(
    ("facts", "marks"),
    [
        ({"target_in_pair": True}, (Mark.TARGET_IN_PAIR,)),
        ({"at_majority": True}, (Mark.AT_MAJORITY,)),
        ({"trained": False}, (Mark.UNTRAINED,)),
        ({"trained": None}, ()),
        ({"revisions": "probe 2"}, (Mark.REVISIONS,)),
        ({}, ()),
    ],
)
def test_one_run_marks_its_cell(facts: dict[str, Any], marks: tuple[Mark, ...]) -> None:
    assert cell(done(0), done(1, **facts)).marks == marks


def test_the_majority_floor_is_not_marked_as_being_at_the_majority_rate() -> None:
    majority = row("probe", {"floor": "majority"}, 0, {METRIC: 0.5}, at_majority=True)
    encoder = row("probe", {"floor": "random encoder"}, 0, {METRIC: 0.5}, at_majority=True)
    assert cell(majority).marks == ()
    assert cell(encoder).marks == (Mark.AT_MAJORITY,)


def test_revisions_mix_where_one_component_has_two_not_where_components_differ() -> None:
    def runs(*revisions: str) -> tuple[str, ...]:
        return mixed_revisions(read_frame(frame_of([done(at, revisions=text) for at, text in enumerate(revisions)])))

    assert runs("vicreg 1, probe 1", "ntxent 2, probe 1") == ()
    assert runs("vicreg 1, probe 1", "vicreg 1, probe 3") == ("probe 1 and 3",)
