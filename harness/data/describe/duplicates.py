"""Images that are the same byte for byte, within a split and across splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Duplicates:
    """Samples whose images of one modality are the same.

    Attributes:
        within: Those that are in one split, a tuple of rows for each image.
        across: Those that are in two splits or more.
    """

    within: tuple[tuple[int, ...], ...]
    across: tuple[tuple[int, ...], ...]


def duplicates(hashes: Sequence[str], splits: Sequence[str], besides: Collection[int] = ()) -> Duplicates:
    """Which samples share an image.

    Args:
        hashes: Of each sample's image.
        splits: Of each sample.
        besides: Samples that are passed over: a blank image is like any other.
    """
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(hashes):
        if row not in besides:
            rows_of[one].append(row)
    same = [tuple(rows) for rows in rows_of.values() if len(rows) > 1]
    across = tuple(rows for rows in same if len({splits[row] for row in rows}) > 1)
    return Duplicates(tuple(rows for rows in same if rows not in set(across)), across)
