"""What a classifier is found to do on a test split: its predictions as a file, and the figures that tables take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.config.identity import digest
from harness.evaluation.metrics import at_majority_rate, measure
from harness.evaluation.per_class import per_class
from harness.evaluation.predictions import Predictions, write_predictions

if TYPE_CHECKING:
    from harness.data.manifest import Label
    from harness.data.packed import PackedSet
    from jobs.run.labelled import Rows


def tested(
    packed: PackedSet, label: Label, test: Rows, probabilities: np.ndarray[Any, Any], path: Path
) -> tuple[dict[str, float], dict[str, Any]]:
    """Write the predictions, and measure them.

    Args:
        packed: The data set.
        label: The target.
        test: The rows that were tested.
        probabilities: Of each class, a row a tested sample.
        path: The file of the predictions.

    Returns:
        Metrics as `test/NAME`, those left out that are undefined, and the facts that a
        table needs of whoever is tested.
    """
    values = label.values[test]
    ids = np.array(packed.ids)[test]
    predictions = Predictions(ids, np.array(packed.groups)[test], values, probabilities)
    write_predictions(path, predictions)
    known = {"ids": ids.tolist(), "label": label.name, "values": values.tolist()}
    facts = {
        "classes": list(label.classes),
        "derived_from": list(label.derived_from),
        "evaluation_set": digest(known)[:12],
        "group_kind": packed.group_kind,
        "synthetic": packed.synthetic,
        "data_name": packed.name,
        "at_majority": at_majority_rate(predictions),
        **per_class(predictions),
    }
    return {f"test/{name}": value for name, value in measure(predictions).items() if value == value}, facts
