"""A pass over N x D in blocks that stay in the cache, with one small buffer for each temporary.

On a CPU most of the time of the Gram form is not its products: it is float64 temporaries
of N x D, each of which the system hands over as fresh pages. In blocks they are some
hundred kilobytes that are used again, and what goes through memory is the embeddings in
their own type.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

BLOCK = 1 << 16
"""Values in a block, at most where the least blocks allow it: half a megabyte in float64."""


def column_blocks(num_rows: int, width: int) -> list[slice]:
    """Slices of columns that make up N x D, each of a multiple of 64 columns but the last.

    Sums over rows go over several columns at a time: so cut, they add up each column as they
    do over the whole, to the last bit.
    """
    return _slices(0, width, max(64, BLOCK // num_rows // 64 * 64))


def row_blocks(rows: slice, width: int) -> list[slice]:
    """Slices of rows likewise, each of a multiple of eight rows but the last: they are next to each other in memory."""
    return _slices(rows.start, rows.stop, max(8, BLOCK // width // 8 * 8))


def _slices(start: int, stop: int, step: int) -> list[slice]:
    return [slice(each, min(each + step, stop)) for each in range(start, stop, step)]


def centred_rows(z_ND: Tensor, mean_D: Tensor, rows: slice) -> Iterator[tuple[slice, Tensor]]:
    """Some rows less the columns' means, in float64, block by block."""
    for each in row_blocks(rows, z_ND.shape[1]):
        yield each, z_ND[each].to(torch.float64, copy=True).sub_(mean_D)


def centred_as(z_ND: Tensor, mean_D: Tensor, dtype: torch.dtype) -> Tensor:
    """All rows less the columns' means, worked out in float64 and rounded to `dtype`."""
    out_ND = torch.empty_like(z_ND, dtype=dtype, memory_format=torch.contiguous_format)
    for rows, centred_nD in centred_rows(z_ND, mean_D, slice(0, len(z_ND))):
        out_ND[rows] = centred_nD
    return out_ND
