"""Where a branch's images come from: a modality, of the sample itself or of another one.

The other one is a control. A pair whose second image was cut from elsewhere in the
same region keeps what all of a region have in common (its stain, its scanner, its
patient) and loses the tissue itself, so what a model still gains from it is not
knowledge of the tissue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.data.packed import PackedSet
from harness.errors import DataError

Partner = Literal["self", "group", "split"]
"""Whose image: the sample's own, or that of another sample of its group, or of its split."""


@dataclass(frozen=True)
class Source:
    """A modality, and whose.

    Attributes:
        modality: Of the data set.
        partner: Whose image a sample is given.
    """

    modality: str
    partner: Partner = "self"


def partner_rows(packed: PackedSet, partner: Partner) -> NDArray[np.int64]:
    """For each row the row whose image it is given: itself, or the next one of its group or split.

    The samples of a group (within a split) are sorted by their keys, and each is given
    the next one's image, the last one the first one's. So none has its own, each image
    is used once, and the pairs are the same for every seed, order and fraction.

    Args:
        packed: The data.
        partner: See `Partner`.

    Raises:
        DataError: A group has one sample only, which has no other to be paired with.
    """
    rows = np.arange(len(packed))
    if partner == "self":
        return rows
    names = packed.splits if partner == "split" else packed.groups
    _, group = np.unique(names, return_inverse=True)
    order = np.lexsort((packed.keys, group))
    sizes = np.bincount(group)
    _check_sizes(packed, partner, sizes)
    ends = np.cumsum(sizes)
    following = np.roll(order, -1)
    following[ends - 1] = order[ends - sizes]
    rows[order] = following
    return rows


def _check_sizes(packed: PackedSet, partner: Partner, sizes: NDArray[np.int64]) -> None:
    alone = int((sizes == 1).sum())
    if alone:
        what = packed.group_kind if partner == "group" else "split"
        raise DataError(
            f"{alone} of {len(sizes)} {what}s of {packed.name!r} have one sample, which has no partner but itself",
            where="partner",
            legal=f"two or more samples in every {what}",
            mend="take partner: split, or samples of larger groups" if partner == "group" else "take more samples",
        )
