"""Rows as metrics and tags, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.tracking.replica.names import legal_key
from harness.tracking.replica.rowcode import from_tags, to_tags

ROW: dict[str, Any] = {
    "run": "probe/12e45678",
    "state": "done",
    "seed": 0,
    "reason": "",
    "hours": 0.1 + 0.2,
    "test/auroc": 1 / 3,
    "trained": None,
    "at_majority": False,
    "predictions": None,
    "axis.fraction": "0.1",
    "axis.floor": None,
}


def through_tags(row: dict[str, Any], measured: bool) -> dict[str, Any]:
    metrics = {legal_key(name): value for name, value in row.items() if "/" in name} if measured else {}
    return from_tags(to_tags(row, measured), metrics)


@pytest.mark.parametrize("measured", [True, False])
def test_a_row_comes_back_with_its_types_and_order(measured: bool) -> None:
    found = through_tags(ROW, measured)
    assert found == ROW
    assert list(found) == list(ROW)
    assert [type(value) for value in found.values()] == [type(value) for value in ROW.values()]


@pytest.mark.parametrize(
    "text", ["", "null", "true", "1", "1e5", "007", "NaN", '"a"', '"', "[1]", " 1", "a\nb", "é", "\udc80", "a\0b"]
)
def test_text_comes_back_as_that_text(text: str) -> None:
    row = {"fact": text, "axis.x": text}
    assert through_tags(row, measured=True) == row


@pytest.mark.parametrize("value", [3, 2.0, float("inf"), True, [1, "2"], {"a": None}, -0.0])
def test_other_values_come_back(value: Any) -> None:
    row = {"test/x": value, "fact": value}
    found = through_tags(row, measured=True)
    assert found == row
    assert type(found["test/x"]) is type(value)


def test_nan_comes_back() -> None:
    assert repr(through_tags({"test/x": float("nan"), "y": float("nan")}, measured=True)) == "{'test/x': nan, 'y': nan}"


def test_numpy_scalars_become_plain() -> None:
    found = through_tags({"seed": np.int64(3), "flag": np.bool_(True), "x": np.float32(0.5)}, measured=True)
    assert found == {"seed": 3, "flag": True, "x": 0.5}
    assert [type(value) for value in found.values()] == [int, bool, float]


def test_text_is_legible_and_labels_can_be_filtered_by() -> None:
    tags = to_tags(ROW, measured=True)
    assert (tags["fact.state"], tags["axis.fraction"], tags["fact.at_majority"]) == ("done", "0.1", "false")
    assert "fact.test/auroc" not in tags
    assert "axis.floor" not in tags
