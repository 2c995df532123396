"""How an error reads."""

from __future__ import annotations

import pickle

import pytest

from harness.errors import ConfigError, DiskFullError, HarnessError, StoreError, did_you_mean


def test_an_error_says_what_where_what_is_legal_and_what_to_do() -> None:
    error = ConfigError(
        "unknown objective 'vicregg'", where="grid.yaml: objective", legal=["ntxent", "vicreg"], mend="x"
    )
    assert str(error) == (
        "unknown objective 'vicregg'\n  where: grid.yaml: objective\n  legal: ntxent, vicreg\n  mend: x"
    )


def test_what_is_not_said_leaves_no_line() -> None:
    assert str(HarnessError("no")) == "no"
    assert str(HarnessError("no", legal="a number")) == "no\n  legal: a number"
    assert str(HarnessError("no", legal=[])) == "no\n  legal: (none)"


def test_a_place_goes_in_front() -> None:
    assert HarnessError("no", where="axes.seed").at("grid.yaml").where == "grid.yaml: axes.seed"
    assert HarnessError("no").at("grid.yaml").where == "grid.yaml"


def test_kinds_are_the_classes_of_failure() -> None:
    assert (ConfigError.kind, StoreError.kind, DiskFullError.kind) == ("bad config", "bad store", "disk full")
    assert issubclass(DiskFullError, StoreError)


@pytest.mark.parametrize(
    ("value", "mend"),
    [("vicreq", "did you mean 'vicreg'?"), ("ntxnt", "did you mean 'ntxent'?"), ("nothing", None), ("", None)],
)
def test_the_nearest_legal_value(value: str, mend: str | None) -> None:
    assert did_you_mean(value, iter(["vicreg", "ntxent"])) == mend


def test_an_error_survives_the_way_between_processes() -> None:
    error = ConfigError("no", where="here", legal=[1, 2], mend="do")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (ConfigError, str(error))
