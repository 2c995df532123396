"""What a batch may hold: images of 8 bits, or vectors of single-precision numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.errors import DataError

CHANNELS = (1, 3)


def images_only(x: Tensor, view: str) -> Tensor:
    """The batch, which must hold images.

    Args:
        x: A batch.
        view: Who asks, for the error.

    Raises:
        DataError: It holds vectors, or neither.
    """
    if is_vectors(x):
        raise DataError(
            f"a {view} view is asked of vectors of {x.shape[1]} features",
            legal="a modality of images",
            mend="name an image modality, or see the vectors as they are",
        )
    return x


def is_vectors(x: Tensor) -> bool:
    """Whether a batch holds vectors and not images.

    Raises:
        DataError: It holds neither.
    """
    if x.dtype == torch.float32 and x.ndim == 2:
        return True
    if x.dtype == torch.uint8 and x.ndim == 4 and x.shape[3] in CHANNELS:
        return False
    raise DataError(
        f"a batch of {x.dtype} with the shape {tuple(x.shape)} holds neither images nor vectors",
        legal="uint8 images of (B, H, W, 1 or 3), float32 vectors of (B, D)",
        mend="store images with one or three channels of 8 bits, and vectors as float32",
    )
