"""Predictions that a table's statistics are made from, each file read once and each metric resampled once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.bootstrap import percentile_interval, resamples
from harness.evaluation.metrics import METRICS
from harness.evaluation.predictions import Predictions, read_predictions
from harness.evaluation.statistics import Interval
from harness.report.runs import Run


class Kept:
    """The predictions of runs, as they are asked for."""

    def __init__(self) -> None:
        self._read: dict[str, Predictions] = {}
        self._resampled: dict[tuple[str, str], NDArray[np.float64]] = {}

    def of(self, run: Run) -> Predictions | None:
        """A run's predictions; None where none were kept.

        Raises:
            DataError: The file that the run names cannot be read.
        """
        if run.predictions is None or not run.done:
            return None
        if run.name not in self._read:
            self._read[run.name] = read_predictions(run.predictions)
        return self._read[run.name]

    def resampled(self, run: Run, metric: str) -> NDArray[np.float64] | None:
        """A run's metric (`split/name`) in each resample of the test groups; None where that cannot be computed."""
        name, predictions = metric.rpartition("/")[2], self.of(run)
        if name not in METRICS or predictions is None:
            return None
        if (run.name, name) not in self._resampled:
            self._resampled[run.name, name] = resamples(name, predictions)
        return self._resampled[run.name, name]

    def interval(self, run: Run, metric: str) -> Interval | None:
        """The interval of one run's metric by bootstrap over its test groups."""
        values, predictions = self.resampled(run, metric), self.of(run)
        if values is None or predictions is None:
            return None
        return percentile_interval(values, predictions.num_groups, units(run, predictions))


def units(run: Run, predictions: Predictions) -> str:
    """What is resampled, in the plural: "regions", "patients"; "patches" where no group is known."""
    alone = predictions.num_groups == len(predictions.labels)
    kind = run.group_kind or ("patch" if alone else "group")
    return "patches" if kind == "patch" else f"{kind}s"
