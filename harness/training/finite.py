"""The checks that keep numbers which are none out of checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

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


def refuse_non_finite(module: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Raise if a weight, a statistic or a moment of the optimiser is not finite.

    A loss can be finite and its gradient not; the next loss shows it, but a checkpoint may
    come first.

    Raises:
        NonFiniteError: Naming the tensor and how many steps were done.
    """
    named = [(name, tensor) for name, tensor in _tensors(module, optimiser) if tensor.is_floating_point()]
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


def _tensors(module: nn.Module, optimiser: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    """Weights and buffers by name, and what the optimiser keeps of each weight."""
    for name, parameter in module.named_parameters():
        yield name, parameter.detach()
        for key, value in optimiser.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                yield f"{key} of {name}", value
    yield from module.named_buffers()
