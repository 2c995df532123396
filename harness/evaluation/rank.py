"""The effective rank of a set of representations: how many directions they really use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def effective_rank(representations_NF: NDArray[np.float32]) -> float:
    """The exponential of the entropy of the normalised singular values of the centred matrix.

    It is 1 when all rows lie on a line and min(N - 1, F) when they fill the space evenly;
    rows that are all equal have none, 0. (Roy and Vetterli, 2007.)
    """
    centred = representations_NF.astype(np.float64)
    centred -= centred.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)
    if singular.sum() <= np.finfo(np.float32).eps * np.abs(representations_NF).sum():
        return 0.0
    share = singular / singular.sum()
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))
