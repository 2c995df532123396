"""Types and constants that the kernels share.

Numbers are float32 throughout, constants too: numba takes Python's own for
float64. Indices are unsigned, so that none is looked at for being negative.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from harness.data.augment.fused.compiled import compiled

Bytes: TypeAlias = npt.NDArray[np.uint8]
Words: TypeAlias = npt.NDArray[np.uint32]
Reals: TypeAlias = npt.NDArray[np.float32]
Flags: TypeAlias = npt.NDArray[np.bool_]
Real: TypeAlias = np.float32
Word: TypeAlias = np.uint32

ZERO, HALF, ONE, TWO, THREE, FOUR, SIX = (Real(number) for number in (0, 0.5, 1, 2, 3, 4, 6))
NEXT = Word(1)
MARGIN = 1
BORDER = 2 * MARGIN + 1
"""A frame's extra lines: one before the image, one after it, and one for the neighbours of that."""


@compiled()
def cut(value: Real) -> Real:
    """The value, or the nearer end of [0, 1]."""
    return Real(min(max(value, ZERO), ONE))
