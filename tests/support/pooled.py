"""A few features of an image, pooled over it: what a head can see without learning where to look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUANTILES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)


def pooled(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Quantiles and mean of each channel, and the mean strength of its edges at two scales.

    Args:
        image: (side, side) or (side, side, C), the side even.

    Returns:
        (12 C,) features.
    """
    side = len(image)
    planes = image.reshape(side, side, -1).astype(float).transpose(2, 0, 1) / 255.0
    halves = planes.reshape(-1, side // 2, 2, side // 2, 2).mean(axis=(2, 4))
    edges = [np.abs(np.diff(part, axis=axis)).mean(axis=(1, 2)) for part in (planes, halves) for axis in (1, 2)]
    return np.concatenate([np.quantile(planes, QUANTILES, axis=(1, 2)).ravel(), planes.mean(axis=(1, 2)), *edges])
