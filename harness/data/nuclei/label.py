"""The label of a patch by its nuclei: the type that most of them have (paper, section 2.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def commonest(counts_NT: NDArray[np.int64]) -> NDArray[np.int64]:
    """The column with the most nuclei, the first of those that are equal; -1 where there are no nuclei.

    Nuclei are counted, not their pixels, so large ones weigh no more.
    """
    found: NDArray[np.int64] = np.where(counts_NT.any(axis=1), counts_NT.argmax(axis=1), -1)
    return found


def tie_rate(counts_NT: NDArray[np.int64]) -> float:
    """The share of the patches with nuclei in which two types or more are equally common."""
    with_nuclei = counts_NT[counts_NT.any(axis=1)]
    if not len(with_nuclei):
        return 0.0
    most = with_nuclei.max(axis=1, keepdims=True)
    return float(((with_nuclei == most).sum(axis=1) > 1).mean())
