"""The sentences around a table."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.report.marks import MEANING, Mark
from harness.report.model import Table
from harness.report.table import make_table
from harness.report.words import caption, hours_text, legend, notes, provenance_lines, warnings
from support.frames import hemit_spec, small_frame, small_spec


def test_a_caption_says_what_the_intervals_are_over(demo_table: Table, real_table: Table) -> None:
    assert caption(demo_table) == (
        "Balanced accuracy and AUROC; mean and Student's 95% interval over 5 seeds; "
        "floors: one seed, 95% interval by bootstrap over 40 regions."
    )
    assert "one seed, 95% interval by bootstrap over 10 regions" in caption(real_table)


def test_patches_without_a_known_group_are_said_to_be_too_narrow(real: pd.DataFrame) -> None:
    frame = real.assign(group_kind="patch")
    assert "no group being known (likely too narrow)" in caption(make_table(frame, hemit_spec()))


def test_a_reader_is_warned_of_synthetic_data_one_seed_and_revisions(demo_table: Table, real_table: Table) -> None:
    assert warnings(demo_table) == ["Synthetic data, made by a program: nothing here is a finding about tissue."]
    assert warnings(real_table) == ["One seed supports no claim about a method."]
    assert warnings(make_table(small_frame(), small_spec())) == ["The table mixes revisions: probe 1 and 2."]


def test_every_mark_in_the_table_is_explained_and_no_other(demo_table: Table) -> None:
    small = make_table(small_frame(), small_spec())
    assert [sign for sign, _ in legend(small)] == ["†", "‡", "§", "¶", "[2/3]"]
    assert [sign for sign, _ in legend(demo_table)] == ["†"]
    assert set(MEANING) == set(Mark)


def test_lost_seeds_are_explained() -> None:
    assert notes(make_table(small_frame(), small_spec())) == [
        "objective ntxent, pair asymmetric, shared weights yes: failed: time limit (1 of 3)"
    ]


def test_provenance_counts_each_run_once_and_says_where_it_was_tested(real_table: Table) -> None:
    lines = list(provenance_lines(real_table))
    assert lines == [
        "68 runs (4 blocked, 63 done, 1 failed), 15.7 hours, 6 minutes without a result",
        "tested on 244 patches in 10 regions",
        "commit 4f2c1e9; data 9d31aa07",
    ]


@pytest.mark.parametrize(
    ("hours", "text"), [(131.2, "131 hours"), (2.44, "2.4 hours"), (0.58, "35 minutes"), (0.0, "0 minutes")]
)
def test_hours_are_as_exact_as_they_need_be(hours: float, text: str) -> None:
    assert hours_text(hours) == text
