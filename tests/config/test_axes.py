"""Axes and the cells of their product."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from harness.config.axes import Axis, check_labels, label_of, product, read_axis
from harness.errors import ConfigError


def message(function: Any, *arguments: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        function(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (True, "yes"), (False, "no"), (0, "0"), (1e-3, "0.001"), (None, "None"), ("vicreg", "vicreg"),
        ({"name": "ntxent"}, "ntxent"), ({"name": "ntxent", "temperature": 0.1}, "ntxent temperature=0.1"),
        ({"name": "x", "inner": {"name": "y", "a": True}}, "x inner=y a=yes"), ([1, 2], "[1, 2]"),
    ],
)  # fmt: skip
def test_labels(value: Any, label: str) -> None:
    assert label_of(value) == label


def test_a_list_sets_the_setting_of_its_name() -> None:
    axis = read_axis("optimiser.lr", [1e-3, 1e-2])
    assert axis == Axis("optimiser.lr", {"0.001": {"optimiser.lr": 1e-3}, "0.01": {"optimiser.lr": 1e-2}})


def test_a_mapping_gives_labels_their_settings() -> None:
    axis = read_axis("pair", {"symmetric": {"views": ["he", "he"]}, "as it is": None})
    assert axis.settings == {"symmetric": {"views": ["he", "he"]}, "as it is": {}}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], "axis 'pair' has no values, but []\n  where: axes.pair\n"
             "  legal: a list of values, or a mapping from labels to settings"),
        ({}, "axis 'pair' has no values, but {}\n  where: axes.pair\n"
             "  legal: a list of values, or a mapping from labels to settings"),
        ("he", "axis 'pair' has no values, but 'he'\n  where: axes.pair\n"
               "  legal: a list of values, or a mapping from labels to settings"),
        ([1, 2, 1], "axis 'pair' has the value '1' twice, which makes every run of it a duplicate\n"
                    "  where: axes.pair\n  mend: remove one"),
        ([1, "1"], "axis 'pair' has the value '1' twice, which makes every run of it a duplicate\n"
                   "  where: axes.pair\n  mend: remove one"),
        ({"a": 3}, "label 'a' of axis 'pair' stands for 3\n  where: axes.pair.a\n"
                   "  legal: a mapping of settings, as in {views: [he, he]}, or nothing"),
    ],
)  # fmt: skip
def test_an_axis_that_is_none(values: Any, expected: str) -> None:
    assert message(read_axis, "pair", values) == expected


def test_the_product_is_whole_and_the_last_axis_runs_fastest() -> None:
    axes = [read_axis("a", [1, 2]), read_axis("b", [True, False]), read_axis("c", ["x", "y", "z"])]
    cells = list(product({"base": 0, "b": None}, axes))
    expected = itertools.product(["1", "2"], ["yes", "no"], ["x", "y", "z"])
    assert [tuple(cell.labels.values()) for cell in cells] == list(expected)
    assert cells[4].settings == {"base": 0, "b": False, "a": 1, "c": "y"}


def test_no_axes_make_one_cell() -> None:
    assert [(cell.labels, cell.settings) for cell in product({"a": 1}, [])] == [({}, {"a": 1})]


def test_an_axis_that_swaps_a_component_takes_nothing_of_it_along() -> None:
    base = {"objective": {"name": "vicreg", "eps": 1.0}}
    for values in (["vicreg", "ntxent"], [{"name": "vicreg"}, {"name": "ntxent"}]):
        swapped = list(product(base, [read_axis("objective", values)]))[1].settings["objective"]
        assert swapped in ("ntxent", {"name": "ntxent"})
    named = product(base, [read_axis("objective.name", ["vicreg", "ntxent"])])
    assert [cell.settings["objective"] for cell in named] == [{"name": "vicreg", "eps": 1.0}, {"name": "ntxent"}]


def test_cells_do_not_share_what_a_later_one_could_change() -> None:
    base = {"data": {"name": "folder", "root": "a"}}
    first, second = product(base, [read_axis("data.root", ["b", "c"])])
    assert (first.settings["data"]["root"], second.settings["data"]["root"]) == ("b", "c")
    assert base == {"data": {"name": "folder", "root": "a"}}


def test_labels_of_a_file_are_held_against_the_axes() -> None:
    axes = [read_axis("objective", ["vicreg", "ntxent"]), read_axis("shared", [True, False])]
    assert check_labels({"shared": True, "objective": "ntxent"}, axes, "exclude.0") == {
        "shared": "yes", "objective": "ntxent",
    }  # fmt: skip
    assert message(check_labels, {"objectiv": "ntxent"}, axes, "exclude.0") == (
        "there is no axis 'objectiv'\n  where: exclude.0\n  legal: objective, shared\n  mend: did you mean 'objective'?"
    )
    assert message(check_labels, {"objective": "ntxnt"}, axes, "exclude.0") == (
        "axis 'objective' has no value 'ntxnt'\n"
        "  where: exclude.0\n  legal: vicreg, ntxent\n  mend: did you mean 'ntxent'?"
    )
