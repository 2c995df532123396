"""The checks that keep numbers which are none out of checkpoints."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from harness.errors import NonFiniteError

MEND = "lower the learning rate or lengthen the warm-up; a bf16 run may need fp32"


def refuse_non_finite_gradient(norm: Tensor, step: int) -> None:
    """Raise if the gradient that made step number `step` was not finite.

    Raises:
        NonFiniteError: Naming the step.
    """
    if not norm.isfinite():
        raise NonFiniteError(
            f"the gradient in step {step} has the norm {float(norm)}, of a loss that is finite", mend=MEND
        )


def refuse_non_finite(tensors: Iterable[tuple[str, Tensor]], step: int) -> None:
    """Raise if a weight, a statistic or a moment of the optimiser is not finite.

    A loss can be finite and its gradient not; the next loss shows it, but a checkpoint may
    come first.

    Args:
        tensors: Each with its name, on one device.
        step: How many steps were done.

    Raises:
        NonFiniteError: Naming the tensor and how many steps were done.
    """
    named = [(name, tensor) for name, tensor in tensors if tensor.is_floating_point()]
    # The largest absolute value: one pass without a temporary, and not finite as soon as one number is not.
    largest = torch.stack([torch.linalg.vector_norm(tensor, torch.inf).double() for _, tensor in named])
    finite = largest.isfinite().tolist()
    bad = [name for (name, _), good in zip(named, finite, strict=True) if not good]
    if bad:
        more = f" and {len(bad) - 1} others are" if len(bad) > 1 else " is"
        raise NonFiniteError(
            f"after step {step} {bad[0]}{more} not finite: a gradient was not, though the loss was",
            mend=MEND,
        )
