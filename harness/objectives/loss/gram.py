"""Off-diagonal energy of a covariance from the N x N Gram matrix instead of the D x D one.

||Z'Z||^2 = ||ZZ'||^2 in the Frobenius norm, so the sum of the squared off-diagonal
entries of Z'Z is ||K||^2 - sum_d s_d^2, with K = ZZ' and s_d the columns' sums of
squares: N^2 D operations and N x N of memory, where the direct way takes N D^2 and
D x D. At N = 128 and D = 8192 that is 64 times less of both. The difference can lose
digits; what is done about it stands at `gram_energy`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

TRUSTED_SHARE = 1e-4


def off_diagonal_energy(z_ND: Tensor, own: slice, dtype: torch.dtype) -> Tensor:
    """The sum over d != e of (Z'Z)_de^2, by the cheaper way.

    Args:
        z_ND: Centred embeddings of the global batch, float64.
        own: This rank's rows.
        dtype: Type of the matrix products, float32 or float64.

    Returns:
        A float64 scalar whose mean over ranks is the sum.
    """
    num_global, width = z_ND.shape
    return gram_energy(z_ND, own, dtype) if num_global < width else direct_energy(z_ND, dtype)


def direct_energy(z_ND: Tensor, dtype: torch.dtype) -> Tensor:
    """The same from the D x D matrix: the definition, the reference, and the cheaper way for N >= D."""
    z_ND = z_ND.to(dtype)
    products_DD = z_ND.T @ z_ND
    return products_DD.fill_diagonal_(0).square().sum(dtype=torch.float64)


def gram_energy(z_ND: Tensor, own: slice, dtype: torch.dtype) -> Tensor:
    """The same from this rank's n rows of K, weighed by W; the reductions in float64.

    Row i of K stands for its sum over j of K_ij^2 and for its part of sum_d s_d^2,
    which is sum_d s_d z_id^2. Where less than 1e-4 of the former is left, the product
    itself is done again in float64: one dimension then outweighs all others, and in
    float32 the rest would be its rounding error.
    """
    weight = len(z_ND) / len(z_ND[own])
    diagonal = (z_ND[own].square() @ z_ND.square().sum(0)).sum()
    total = _energy_of_rows(z_ND.to(dtype), own)
    share = total - diagonal
    if dtype is not torch.float64:
        share = chosen(share >= TRUSTED_SHARE * total, share, lambda: _energy_of_rows(z_ND, own) - diagonal)
    return weight * share


def _energy_of_rows(z_ND: Tensor, own: slice) -> Tensor:
    return (z_ND[own] @ z_ND.T).double().square().sum()


def chosen(trusted: Tensor, fast: Tensor, exact: Callable[[], Tensor]) -> Tensor:
    """One of two values by a flag; only on the CPU, where it costs nothing, is the flag read by the host."""
    if trusted.device.type == "cpu":
        return fast if trusted else exact()
    return torch.where(trusted, fast, exact())
