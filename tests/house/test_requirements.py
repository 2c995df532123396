"""Requirements are what is imported, no less and no more, and the tested set pins them all."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

from support.imports import PACKAGES, imports
from support.requirements import declared, imported_names, names, pinned

OURS = {"harness", "jobs", "support", "conftest", "__future__"}
BY_OTHERS = {"pyarrow"}  # pandas reads and writes Parquet through it
ELSEWHERE = {"tiatoolbox"}  # imported by a file that the Python of another environment runs
TESTED = ("base", "dev", "dali", "deepspeed", "ffcv")


def imported(*packages: str) -> set[str]:
    tops = {one.imported.split(".")[0] for one in imports(packages=packages or PACKAGES)}
    return tops - OURS - set(sys.stdlib_module_names)


def test_everything_imported_is_required() -> None:
    required = set.union(*(imported_names(group) for group in declared() if group != "dev"))
    assert imported() - ELSEWHERE <= required | {"pydantic_core"}  # which pydantic pins and brings


def test_everything_that_tests_import_is_required() -> None:
    assert imported("tests") <= set.union(*(imported_names(group) for group in TESTED))


def test_everything_required_is_imported() -> None:
    assert imported_names("base") - BY_OTHERS - imported() == set()


@pytest.mark.parametrize("group", TESTED)
def test_the_tested_set_pins_every_direct_requirement(group: str) -> None:
    assert names(group) <= set(pinned())


@pytest.mark.parametrize(
    "group", ["base", "dev", *(pytest.param(name, marks=getattr(pytest.mark, name)) for name in TESTED[2:])]
)
def test_what_is_installed_is_what_is_pinned(group: str) -> None:
    """The tests speak for the set in constraints.txt only while they run on it."""
    direct = names(group)
    assert {name: version(name).partition("+")[0] for name in direct} == {name: pinned()[name] for name in direct}


def test_no_pin_names_a_path_or_an_address() -> None:
    assert [name for name, pin in pinned().items() if not pin or any(sign in name + pin for sign in "/@:")] == []
