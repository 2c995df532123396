"""Embeddings by their direction alone, which is what contrastive losses compare."""

from __future__ import annotations

import torch
from torch import Tensor


def unit_rows(z_ND: Tensor) -> Tensor:
    """Rows of length one; a row of zeros stays, its gradient finite where 1 / norm would not be."""
    norm_N1 = torch.linalg.vector_norm(z_ND, dim=1, keepdim=True)
    return z_ND / torch.where(norm_N1 > 0, norm_N1, 1.0)
