"""The report page: one file that brings everything along."""

from __future__ import annotations

import re

import pytest

from harness.report.figures import Curve, loss_curves
from harness.report.html import Picture, page
from harness.report.markup import Markup, join, tag
from harness.report.model import Table
from harness.report.table import make_table
from support.frames import small_frame, small_spec


@pytest.fixture(scope="module")
def report(demo_table: Table) -> str:
    svg = loss_curves([Curve("loss", "a", 0, [0, 1], [1.0, 0.5])])
    picture = Picture("Loss curves", "A thin line is a seed.", svg, "loss against step")
    return page(demo_table, ["What it is.", "And <why>."], [picture])


def test_a_page_brings_all_it_needs_and_asks_for_nothing(report: str) -> None:
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", report)
    assert not re.findall(r"url\(|@import|<link|<script|https?://", report)
    assert "default-src 'none'" in report.replace("&#x27;", "'")


def test_a_page_says_what_it_is_and_where_it_comes_from(report: str, demo_table: Table) -> None:
    assert "Synthetic data, made by a program" in report
    assert "And &lt;why&gt;." in report
    assert "Check passed: an effect is detected where there is one" in report
    assert all(commit in report for commit in demo_table.provenance.commits)
    assert all(digest in report for digest in demo_table.provenance.data)
    assert all(run.name in report for cell in demo_table.cells() for run in cell.runs)


def test_pictures_are_inside_with_words_for_who_cannot_see_them(report: str) -> None:
    assert 'src="data:image/svg+xml;base64,' in report
    assert 'alt="loss against step"' in report
    png = Picture("Pairs", "", b"\x89PNG....", "pairs")
    assert 'src="data:image/png;base64,' in page(make_table(small_frame(), small_spec()), pictures=[png])


def test_a_page_is_made_for_phones_and_paper(report: str) -> None:
    assert 'name="viewport"' in report
    assert "@media print" in report
    assert "@media (max-width" in report


def test_an_effect_is_drawn_to_scale_with_zero_in_the_middle(report: str) -> None:
    drawings = re.findall(r'class="span" x1="([\d.]+)" x2="([\d.]+)".*?cx="([\d.]+)"', report)
    assert len(drawings) == 2
    (low, high, mean), (null_low, null_high, _) = [tuple(map(float, each)) for each in drawings]
    assert 72 < low < mean < high
    assert high == pytest.approx(144 - 5)
    assert null_low < 72 < null_high


def test_text_is_escaped_once_and_markup_is_left_alone() -> None:
    assert tag("p", "a<b", tag("b", "c&d")) == "<p>a&lt;b<b>c&amp;d</b></p>"
    assert tag("a", "x", href='"><script>', class_=None) == '<a href="&quot;&gt;&lt;script&gt;">x</a>'
    assert join("<", None, Markup("<br/>")) == "&lt;<br/>"
