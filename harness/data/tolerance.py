"""How many samples a pack may leave out because an image of theirs cannot be decoded."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.data.checks import shown
from harness.data.images import UnreadableImageError
from harness.data.subset import share_of
from harness.errors import DataError


def check_bad(bad: list[str], total: int, tolerated: float, error: UnreadableImageError) -> None:
    """Stop at the first bad image where none is tolerated: its error says most."""
    if not tolerated:
        raise error
    check_dropped(bad, total, tolerated)


def check_dropped(dropped: Iterable[str], total: int, tolerated: float) -> None:
    """Check that no more samples were dropped than the share that is tolerated.

    Args:
        dropped: Their ids.
        total: All samples.
        tolerated: The share that may be dropped.

    Raises:
        DataError: There are more than that.
    """
    names = list(dropped)
    allowed = math.floor(share_of(total, tolerated))
    if len(names) > allowed:
        raise DataError(
            f"of {total} samples, at least {len(names)} have an unreadable image: {shown(names)}",
            where="data.bad_images",
            legal=f"at most {allowed}, a share of {tolerated}",
            mend="restore these images, take their samples out, or raise data.bad_images",
        )
