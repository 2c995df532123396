"""Off-diagonal energy of a cross-correlation from two N x N Gram matrices instead of the D x D product.

||A'B||^2 = <AA', BB'> in the Frobenius norm and inner product, so the sum of the
squared off-diagonal entries of A'B is <AA', BB'> - sum_d s_d^2 with s_d = sum_i a_id b_id.
See `harness.objectives.loss.gram`, which is the same for A = B, for what it saves.
"""

from __future__ import annotations

import torch
from torch import Tensor

from harness.objectives.loss.gram import TRUSTED_SHARE, chosen


def off_diagonal_cross_energy(a_ND: Tensor, b_ND: Tensor, own: slice, dtype: torch.dtype) -> Tensor:
    """The sum over d != e of (A'B)_de^2, by the cheaper way.

    Args:
        a_ND: Standardised embeddings of one branch, the global batch, float64.
        b_ND: The other branch's.
        own: This rank's rows.
        dtype: Type of the matrix products, float32 or float64.

    Returns:
        A float64 scalar whose mean over ranks is the sum.
    """
    num_global, width = a_ND.shape
    if num_global < width:
        return cross_gram_energy(a_ND, b_ND, own, dtype)
    return direct_cross_energy(a_ND, b_ND, dtype)


def direct_cross_energy(a_ND: Tensor, b_ND: Tensor, dtype: torch.dtype) -> Tensor:
    """The same from the D x D matrix: the definition, the reference, and the cheaper way for N >= D."""
    products_DD = a_ND.to(dtype).T @ b_ND.to(dtype)
    return products_DD.fill_diagonal_(0).square().sum(dtype=torch.float64)


def cross_gram_energy(a_ND: Tensor, b_ND: Tensor, own: slice, dtype: torch.dtype) -> Tensor:
    """The same from this rank's n rows of both Gram matrices, weighed by W; the reductions in float64.

    Row i stands for its sum over j of (AA')_ij (BB')_ij and for its part of
    sum_d s_d^2, which is sum_d s_d a_id b_id. The products have either sign, so what is
    left is compared with the sum of their sizes: below 1e-4 of it they are made again in
    float64.
    """
    weight = len(a_ND) / len(a_ND[own])
    matched_ND = a_ND * b_ND
    diagonal = matched_ND[own].sum(0) @ matched_ND.sum(0)
    products_nN = _products(a_ND.to(dtype), b_ND.to(dtype), own)
    share = products_nN.sum() - diagonal
    if dtype is not torch.float64:
        trusted = share.abs() >= TRUSTED_SHARE * products_nN.abs().sum()
        share = chosen(trusted, share, lambda: _products(a_ND, b_ND, own).sum() - diagonal)
    return weight * share


def _products(a_ND: Tensor, b_ND: Tensor, own: slice) -> Tensor:
    return (a_ND[own] @ a_ND.T).double() * (b_ND[own] @ b_ND.T).double()
