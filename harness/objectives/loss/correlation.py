"""The statistics of two branches that Barlow Twins needs, from their embeddings, in few passes on a CPU.

`correlation` gives what `barlow_twins.standardised`, the column sums of the two's product
and `cross_gram.cross_gram_energy` give. The backward pass is written out because autograd
would hold ten temporaries of N x D in float64 at once, and because the gradient for a
symmetric Gram matrix goes back through one product instead of two.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from harness.objectives.loss.gram import TRUSTED_SHARE
from harness.objectives.loss.passes import column_blocks, row_blocks


def correlation(x_ND: Tensor, y_ND: Tensor, own: slice, floor: float) -> tuple[Tensor, Tensor]:
    """With A and B the standardised branches: the diagonal of A'B, and the sum of its other entries' squares.

    Args:
        x_ND: Embeddings of one branch of the global batch on a CPU, float32 or float64, N < D.
        y_ND: Of the other, the same type.
        own: This rank's rows.
        floor: Added to the variance under the root.

    Returns:
        The diagonal, D, and a scalar whose mean over ranks is the sum; both float64.
    """
    whole = slice(*own.indices(len(x_ND)))
    return cast("tuple[Tensor, Tensor]", _Correlation.apply(x_ND, y_ND, whole, floor))


class _Scale(NamedTuple):
    """A column's mean, and what its deviation from it is multiplied by."""

    mean_D: Tensor
    factor_D: Tensor

    def measure(self, z_ND: Tensor, columns: slice, floor: float) -> Tensor:
        """Find out some columns' scale, keep it, and return them standardised, in float64; a new tensor."""
        z_Nd = z_ND[:, columns].to(torch.float64, copy=True)
        self.mean_D[columns] = z_Nd.mean(0)
        z_Nd.sub_(self.mean_D[columns])
        self.factor_D[columns] = z_Nd.square().mean(0).add_(floor).rsqrt_()
        return z_Nd.mul_(self.factor_D[columns])

    def columns(self, z_ND: Tensor, columns: slice) -> Tensor:
        """Some columns standardised, in float64; a new tensor."""
        z_Nd = z_ND[:, columns].to(torch.float64, copy=True)
        return z_Nd.sub_(self.mean_D[columns]).mul_(self.factor_D[columns])

    def all_as(self, z_ND: Tensor, dtype: torch.dtype) -> Tensor:
        """All columns standardised, worked out in float64 and rounded to `dtype`."""
        out_ND = torch.empty_like(z_ND, dtype=dtype, memory_format=torch.contiguous_format)
        for rows in row_blocks(slice(0, len(z_ND)), z_ND.shape[1]):
            z_nD = z_ND[rows].to(torch.float64, copy=True)
            out_ND[rows] = z_nD.sub_(self.mean_D).mul_(self.factor_D)
        return out_ND


class _Correlation(Function):
    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, y_ND: Tensor, own: slice, floor: float) -> tuple[Tensor, Tensor]:
        scales, standardised, matched_D, own_matched_D = _standardised((x_ND, y_ND), own, floor)
        diagonal = own_matched_D @ matched_D
        grams, products_nN = _products(standardised, own)
        share = products_nN.sum() - diagonal
        if x_ND.dtype is not torch.float64 and not share.abs() >= TRUSTED_SHARE * products_nN.abs().sum():
            exact = [scale.all_as(z_ND, torch.float64) for scale, z_ND in zip(scales, (x_ND, y_ND), strict=True)]
            grams, products_nN = _products(exact, own)
            share = products_nN.sum() - diagonal
        ctx.own, ctx.weight = own, len(x_ND) / len(products_nN)
        ctx.save_for_backward(x_ND, y_ND, *scales[0], *scales[1], *grams, matched_D, own_matched_D)
        return matched_D, ctx.weight * share

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_matched_D: Tensor, grad_energy: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x_ND, y_ND, *held, gram_x_nN, gram_y_nN, matched_D, own_matched_D = ctx.saved_tensors
        scales, grad = (_Scale(*held[:2]), _Scale(*held[2:])), ctx.weight * grad_energy
        # Each Gram matrix has the other's entries as its gradient.
        grad_x_ND = _through_gram(scales[0].all_as(x_ND, gram_x_nN.dtype), ctx.own, grad * gram_y_nN)
        grad_y_ND = _through_gram(scales[1].all_as(y_ND, gram_x_nN.dtype), ctx.own, grad * gram_x_nN)
        every_D, of_own_D = grad_matched_D - grad * own_matched_D, -grad * matched_D
        out = [torch.empty_like(z_ND) for z_ND in (x_ND, y_ND)] if x_ND.dtype is not grad_x_ND.dtype else None
        out_x_ND, out_y_ND = out or (grad_x_ND, grad_y_ND)
        for columns in column_blocks(*x_ND.shape):
            a_Nd, b_Nd = scales[0].columns(x_ND, columns), scales[1].columns(y_ND, columns)
            factors = every_D[columns], of_own_D[columns], ctx.own
            grad_a_Nd = _add_matched(grad_x_ND[:, columns].double(), b_Nd, *factors)
            grad_b_Nd = _add_matched(grad_y_ND[:, columns].double(), a_Nd, *factors)
            out_x_ND[:, columns] = _through_scale(grad_a_Nd, a_Nd).mul_(scales[0].factor_D[columns])
            out_y_ND[:, columns] = _through_scale(grad_b_Nd, b_Nd).mul_(scales[1].factor_D[columns])
        return out_x_ND, out_y_ND, None, None


def _standardised(
    both: tuple[Tensor, Tensor], own: slice, floor: float
) -> tuple[list[_Scale], list[Tensor], Tensor, Tensor]:
    """Each branch's scale, A and B in the embeddings' type, and A'B's diagonal over all rows and over the own ones."""
    scales = [_Scale(*both[0].new_empty(2, both[0].shape[1], dtype=torch.float64)) for _ in both]
    out = [torch.empty_like(z_ND, memory_format=torch.contiguous_format) for z_ND in both]
    matched_D, own_matched_D = both[0].new_empty(2, both[0].shape[1], dtype=torch.float64)
    for columns in column_blocks(*both[0].shape):
        blocks = [scale.measure(z_ND, columns, floor) for scale, z_ND in zip(scales, both, strict=True)]
        for out_ND, block_Nd in zip(out, blocks, strict=True):
            out_ND[:, columns] = block_Nd
        matched_Nd = blocks[0].mul_(blocks[1])
        matched_D[columns], own_matched_D[columns] = matched_Nd.sum(0), matched_Nd[own].sum(0)
    return scales, out, matched_D, own_matched_D


def _products(both: list[Tensor], own: slice) -> tuple[list[Tensor], Tensor]:
    """This rank's rows of both Gram matrices, and their product entry by entry in float64."""
    grams = [z_ND[own] @ z_ND.T for z_ND in both]
    return grams, grams[0].double() * grams[1].double()


def _through_gram(z_ND: Tensor, own: slice, grad_nN: Tensor) -> Tensor:
    """From the gradient for some rows of ZZ' to that for Z."""
    grad_nN = grad_nN.to(z_ND.dtype)
    if len(grad_nN) == len(z_ND):
        return (grad_nN + grad_nN.T) @ z_ND
    through_ND = grad_nN.T @ z_ND[own]
    through_ND[own] += grad_nN @ z_ND
    return through_ND


def _add_matched(grad_Nd: Tensor, other_Nd: Tensor, every_d: Tensor, of_own_d: Tensor, own: slice) -> Tensor:
    """The gradient through a_id b_id, in place: one factor for each column, and another one for this rank's rows."""
    grad_Nd.addcmul_(other_Nd, every_d)
    grad_Nd[own].addcmul_(other_Nd[own], of_own_d)
    return grad_Nd


def _through_scale(grad_Nd: Tensor, a_Nd: Tensor) -> Tensor:
    """From the gradient for standardised columns to that for columns of variance 1, in place."""
    along_d = (grad_Nd * a_Nd).mean(0)
    return grad_Nd.sub_(grad_Nd.mean(0)).addcmul_(a_Nd, along_d, value=-1)
