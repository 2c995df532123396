"""The statistics of one branch that VICReg needs, from its embeddings, in few passes on a CPU.

`spread` gives what `vicreg.centred`, its squares' column sums and `gram.gram_energy`
give, and its backward pass what theirs do, by the same operations in the same order: for
float32 embeddings both are the same to the last bit, which a test holds. The backward
pass is written out because autograd would hold six temporaries of N x D in float64 at
once.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from harness.objectives.loss.gram import TRUSTED_SHARE
from harness.objectives.loss.passes import centred_as, centred_rows, column_blocks


def spread(z_ND: Tensor, own: slice) -> tuple[Tensor, Tensor]:
    """Each column's sum of squares about its mean, and the off-diagonal energy of the centred Z'Z.

    Args:
        z_ND: Embeddings of the global batch on a CPU, float32 or float64, N < D.
        own: This rank's rows.

    Returns:
        The sums, D, and a scalar whose mean over ranks is the energy; both float64.
    """
    return cast("tuple[Tensor, Tensor]", _Spread.apply(z_ND, slice(*own.indices(len(z_ND)))))


class _Spread(Function):
    @staticmethod
    def forward(ctx: Any, z_ND: Tensor, own: slice) -> tuple[Tensor, Tensor]:
        mean_D, sums_D, centred_ND = _centred(z_ND)
        # Row by row, as `gram_energy` adds it up.
        diagonal = torch.cat([rows_nD.square_() @ sums_D for _, rows_nD in centred_rows(z_ND, mean_D, own)]).sum()
        products_nN = centred_ND[own] @ centred_ND.T
        total = products_nN.double().square().sum()
        if z_ND.dtype is not torch.float64 and not total - diagonal >= TRUSTED_SHARE * total:
            centred_ND = centred_as(z_ND, mean_D, torch.float64)
            products_nN = centred_ND[own] @ centred_ND.T
            total = products_nN.square().sum()
        ctx.own, ctx.weight = own, len(z_ND) / len(products_nN)
        ctx.save_for_backward(z_ND, mean_D, sums_D, products_nN)
        return sums_D, ctx.weight * (total - diagonal)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_sums_D: Tensor, grad_energy: Tensor) -> tuple[Tensor, None]:
        z_ND, mean_D, sums_D, products_nN = ctx.saved_tensors
        grad = ctx.weight * grad_energy
        grad_nN = (grad * (2 * products_nN.double())).to(products_nN.dtype)
        through_ND = _through_products(centred_as(z_ND, mean_D, grad_nN.dtype), ctx.own, grad_nN)
        out_ND = through_ND if through_ND.dtype is z_ND.dtype else torch.empty_like(z_ND)
        for columns in column_blocks(*z_ND.shape):
            centred_Nd = z_ND[:, columns].to(torch.float64, copy=True).sub_(mean_D[columns])
            grad_Nd = through_ND[:, columns].double()
            _add_diagonal(grad_Nd, centred_Nd, sums_D[columns], ctx.own, -grad)
            grad_Nd += centred_Nd.mul_(2 * grad_sums_D[columns])
            out_ND[:, columns] = grad_Nd.sub_(grad_Nd.sum(0) / len(z_ND))
        return out_ND, None


def _centred(z_ND: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The columns' means, their sums of squares about these, and what is left of Z, in its own type."""
    mean_D = z_ND.new_empty(z_ND.shape[1], dtype=torch.float64)
    sums_D, centred_ND = torch.empty_like(mean_D), torch.empty_like(z_ND)
    for columns in column_blocks(*z_ND.shape):
        z_Nd = z_ND[:, columns].to(torch.float64, copy=True)
        mean_D[columns] = z_Nd.mean(0)
        centred_ND[:, columns] = z_Nd.sub_(mean_D[columns])
        sums_D[columns] = z_Nd.square_().sum(0)
    return mean_D, sums_D, centred_ND


def _through_products(centred_ND: Tensor, own: slice, grad_nN: Tensor) -> Tensor:
    """From the gradient for this rank's rows of K to that for the centred embeddings."""
    through_ND = grad_nN.T @ centred_ND[own]
    through_ND[own] += grad_nN @ centred_ND
    return through_ND


def _add_diagonal(grad_Nd: Tensor, centred_Nd: Tensor, sums_d: Tensor, own: slice, grad: Tensor) -> None:
    """The gradient through sum_d s_d times this rank's part of s_d, in place; by either factor."""
    part_Nd = centred_Nd.square()
    own_d = part_Nd[own].T @ grad.expand(len(part_Nd[own]))
    grad_Nd += torch.mul(centred_Nd, 2 * own_d, out=part_Nd)
    grad_Nd[own] += torch.mul(centred_Nd[own], 2 * (grad * sums_d), out=part_Nd[own])
