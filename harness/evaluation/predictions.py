"""Predictions of one run, a row per test sample: what every metric and every interval is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

SHARE = "p_"


@dataclass(frozen=True, eq=False)
class Predictions:
    """Class probabilities beside the labels, for N samples and C classes.

    Args:
        ids: One name per sample, unique.
        groups: The region, patient or slide of each sample; the sample's own name where none is known.
        labels: int64, N; the class of each sample.
        probabilities: float, N x C.

    Raises:
        DataError: The columns differ in length, a label is outside the classes, or a probability is not finite.
    """

    ids: NDArray[Any]
    groups: NDArray[Any]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.floating[Any]]

    def __post_init__(self) -> None:
        lengths = {len(self.ids), len(self.groups), len(self.labels), len(self.probabilities)}
        if len(lengths) != 1 or 0 in lengths:
            raise DataError(f"predictions have columns of {sorted(lengths)} rows", legal="one length above 0")
        if self.labels.min() < 0 or self.labels.max() >= self.num_classes:
            outside = int(self.labels.min()) if self.labels.min() < 0 else int(self.labels.max())
            raise DataError(f"predictions hold the label {outside}", legal=f"0 to {self.num_classes - 1}")
        if not np.isfinite(self.probabilities).all():
            row = int(np.flatnonzero(~np.isfinite(self.probabilities).all(axis=1))[0])
            raise DataError(f"the prediction for {str(self.ids[row])!r} is not finite")

    @property
    def num_classes(self) -> int:
        """How many classes a probability is given for."""
        return int(self.probabilities.shape[1])

    @cached_property
    def group_codes(self) -> NDArray[np.int64]:
        """The group of each sample as a number from 0, in the sorted order of the groups' names."""
        return np.unique(self.groups.astype(str), return_inverse=True)[1].astype(np.int64)

    @property
    def num_groups(self) -> int:
        """How many groups the samples come from."""
        return int(self.group_codes.max()) + 1

    def same_samples(self, other: Predictions) -> bool:
        """Whether both hold the same samples in the same order, with the same labels and groups."""
        return (
            np.array_equal(self.ids, other.ids)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self.groups, other.groups)
        )


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write `predictions` as Parquet with the columns id, group, label, p_0 .. p_{C-1} (float32)."""
    import pandas as pd

    shares = predictions.probabilities.astype(np.float32)
    columns = {"id": predictions.ids, "group": predictions.groups, "label": predictions.labels}
    columns |= {f"{SHARE}{index}": shares[:, index] for index in range(predictions.num_classes)}
    pd.DataFrame(columns).to_parquet(path, index=False)


def read_predictions(path: Path) -> Predictions:
    """The predictions that lie at `path`, sorted by id so that two runs compare row by row.

    Raises:
        DataError: The file is missing, is no Parquet file, or lacks a column.
    """
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"the predictions {str(path)!r} cannot be read: {error}", mend="run the probe again") from error
    shares = [f"{SHARE}{index}" for index in range(sum(str(name).startswith(SHARE) for name in frame.columns))]
    missing = [name for name in ("id", "group", "label", *(shares or [f"{SHARE}0"])) if name not in frame.columns]
    if missing:
        raise DataError(f"the predictions lack the column {missing[0]!r}", where=str(path), legal=frame.columns)
    frame = frame.sort_values("id", kind="stable")
    groups = frame["group"].where(frame["group"].notna(), frame["id"])
    return Predictions(
        ids=frame["id"].to_numpy(str),
        groups=groups.to_numpy(str),
        labels=frame["label"].to_numpy(np.int64),
        probabilities=frame[shares].to_numpy(np.float64),
    )
