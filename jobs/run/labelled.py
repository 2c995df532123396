"""Which rows a probe learns from and is tested on: those of a split that have the label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.checks import NO_LABEL
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.manifest import Label
    from harness.data.packed import PackedSet

Rows = NDArray[np.int64]


def labelled_rows(packed: PackedSet, label: Label, fraction: float) -> tuple[Rows, Rows]:
    """Rows of the training split, a fraction of it, and of the whole test split.

    Raises:
        DataError: A split has no labelled sample, or lacks a class that the other one has.
    """
    train, test = _labelled(packed, label, "train", fraction), _labelled(packed, label, "test", 1.0)
    _check_classes(packed, label, {"train": train, "test": test})
    return train, test


def _check_classes(packed: PackedSet, label: Label, rows: Mapping[str, Rows]) -> None:
    """Check that no class is in one split alone: it could not be learnt, or not be tested.

    Raises:
        DataError: One is; a class that no sample has is passed over.
    """
    found = {split: set(label.values[taken].tolist()) for split, taken in rows.items()}
    for split, classes in found.items():
        missing = [label.classes[number] for number in sorted(set.union(*found.values()) - classes)]
        if missing:
            raise DataError(
                f"no sample of the split {split!r} of {packed.name!r} is of the class {', '.join(missing)}",
                where=f"label {label.name!r}",
                legal="every class that occurs in both splits",
                mend="split so that each class is on both sides, or take the class out of the label",
            )


def _labelled(packed: PackedSet, label: Label, split: str, fraction: float) -> Rows:
    """Rows of a split that have the label.

    Raises:
        DataError: None has.
    """
    rows = packed.rows(split, fraction, label.name)
    labelled: Rows = rows[label.values[rows] != NO_LABEL]
    if not len(labelled):
        raise DataError(f"no sample of the split {split!r} of {packed.name!r} has the label {label.name!r}")
    return labelled
