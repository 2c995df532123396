"""Which samples a fraction is made of, kept beside what was computed with it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.files import write_atomic

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

ARTIFACT = "train_ids"


def write_subset(path: Path, packed: PackedSet, rows: NDArray[np.int64]) -> None:
    """Write the ids of some rows, in the order of the data set, as CSV with the header `id`.

    The same samples give the same bytes.

    Args:
        path: The file, replaced as a whole where it exists.
        packed: The data set.
        rows: Row numbers of it.

    Raises:
        DiskFullError: No room; nothing half-written is left.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id"])
    writer.writerows([name] for name in packed.ids[np.sort(rows)].tolist())
    write_atomic(path, text.getvalue())
