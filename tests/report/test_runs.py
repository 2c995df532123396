"""Rows of a frame as records: what is absent, what is odd, what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.errors import DataError
from harness.report.runs import read_frame
from support.frames import frame_of, row


def test_a_row_becomes_a_run_with_its_axes_and_metrics() -> None:
    frame = frame_of([row("probe", {"pair": "symmetric"}, 2, {"test/auroc": 0.75}, predictions="/x/p.parquet")])
    run = read_frame(frame)[0]
    assert (run.stage, run.seed, run.state, run.done) == ("probe", 2, "done", True)
    assert (run.axes, run.metrics, run.floor) == ({"pair": "symmetric"}, {"test/auroc": 0.75}, None)
    assert run.predictions == Path("/x/p.parquet")


def test_what_is_absent_in_any_of_the_ways_of_pandas_is_absent() -> None:
    names = ("axis.pair", "axis.floor", "test/auroc", "trained", "hours", "predictions", "commit", "at_majority")
    for nothing in (None, np.nan, pd.NA):
        run = read_frame(pd.DataFrame([row("probe", {}, 0, {}) | dict.fromkeys(names, nothing)]))[0]
        assert (run.axes, run.metrics, run.floor, run.trained, run.hours) == ({}, {}, None, None, 0.0)
        assert (run.predictions, run.commit, run.at_majority) == (None, "", False)


def test_numbers_of_numpy_are_metrics_and_infinite_ones_are_not() -> None:
    metrics = {"test/a": np.float32(0.5), "test/b": np.float64(0.5), "test/c": float("inf")}
    assert set(read_frame(pd.DataFrame([row("probe", {}, 0, metrics)]))[0].metrics) == {"test/a", "test/b"}


def test_a_floor_is_no_axis() -> None:
    run = read_frame(frame_of([row("probe", {"floor": "majority", "label": "tissue"}, 0, {})]))[0]
    assert (run.floor, run.axes) == ("majority", {"label": "tissue"})


def test_a_frame_without_a_column_that_every_frame_has_is_refused() -> None:
    frame = frame_of([row("probe", {}, 0, {})]).rename(columns={"state": "status"})
    with pytest.raises(DataError) as caught:
        read_frame(frame)
    assert "lacks the column 'state'" in str(caught.value)
    assert "legal: run, stage, cell, seed, status" in str(caught.value)


def test_control_characters_do_not_get_through() -> None:
    frame = frame_of([row("probe", {"pair": "a\x1b[31mred\u202e\nb"}, 0, {}, reason="x\r\ty")])
    run = read_frame(frame)[0]
    assert run.axes == {"pair": "a�[31mred� b"}
    assert run.reason == "x y"
