"""Predictions on disk: what is written reads back, in one order, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.errors import DataError
from harness.evaluation.predictions import Predictions, read_predictions, write_predictions
from support.probes import random_predictions


def test_what_is_written_reads_back_sorted_by_id(tmp_path: Path) -> None:
    predictions = random_predictions(num_samples=20)
    turned = Predictions(
        predictions.ids[::-1], predictions.groups[::-1], predictions.labels[::-1], predictions.probabilities[::-1]
    )
    write_predictions(tmp_path / "p.parquet", turned)
    found = read_predictions(tmp_path / "p.parquet")
    assert found.same_samples(predictions)
    np.testing.assert_array_equal(found.probabilities, predictions.probabilities.astype(np.float32))


def test_the_columns_are_those_that_other_tools_read(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.parquet", random_predictions(num_classes=3))
    frame = pd.read_parquet(tmp_path / "p.parquet")
    assert list(frame.columns) == ["id", "group", "label", "p_0", "p_1", "p_2"]
    assert set(frame.dtypes.astype(str)[3:]) == {"float32"}


def test_a_sample_without_a_group_is_its_own(tmp_path: Path) -> None:
    columns = {"id": ["a", "b"], "group": [None, None], "label": [0, 1], "p_0": [0.1, 0.2], "p_1": [0.9, 0.8]}
    pd.DataFrame(columns).to_parquet(tmp_path / "p.parquet")
    assert read_predictions(tmp_path / "p.parquet").groups.tolist() == ["a", "b"]


def test_more_than_ten_classes_keep_their_order(tmp_path: Path) -> None:
    predictions = random_predictions(num_samples=30, num_classes=12)
    write_predictions(tmp_path / "p.parquet", predictions)
    found = read_predictions(tmp_path / "p.parquet")
    np.testing.assert_array_equal(found.probabilities.argmax(axis=1), predictions.probabilities.argmax(axis=1))


def test_a_missing_file_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.parquet.*cannot be read"):
        read_predictions(tmp_path / "nothing.parquet")
    pd.DataFrame({"id": ["a"], "label": [0]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(DataError, match="lack the column 'group'"):
        read_predictions(tmp_path / "p.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(DataError, match="torn"):
        read_predictions(tmp_path / "torn.parquet")


@pytest.mark.parametrize(
    ("labels", "shares", "wording"),
    [
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "the label 2\n  legal: 0 to 1"),
        ([0, -1], [[0.5, 0.5], [0.5, 0.5]], "the label -1\n  legal: 0 to 1"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.5]], "the prediction for 'b' is not finite"),
        ([0], [[0.5, 0.5], [0.5, 0.5]], r"columns of \[1, 2\] rows"),
    ],
)
def test_predictions_that_make_no_sense_are_refused(labels: list[int], shares: list[list[float]], wording: str) -> None:
    with pytest.raises(DataError) as caught:
        Predictions(np.array(["a", "b"]), np.array(["g", "g"]), np.array(labels), np.array(shares))
    assert wording.replace("\\", "") in str(caught.value)
