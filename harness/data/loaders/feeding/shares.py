"""Work on the rows of a batch, shared among threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def shared(pool: ThreadPoolExecutor, num_shares: int, count: int, work: Callable[[slice], Result]) -> list[Result]:
    """What `work` returns for each share of `count` rows, in order, when all are done.

    Args:
        pool: The threads.
        num_shares: Into how many parts, nearly equal, the rows are cut; empty ones are left out.
        count: The number of rows.
        work: Told which rows.
    """
    ends = [count * index // num_shares for index in range(num_shares + 1)]
    parts = [slice(start, stop) for start, stop in itertools.pairwise(ends) if stop > start]
    return list(pool.map(work, parts))
