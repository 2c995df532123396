"""What every objective's module does before its own formula."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from harness.distributed.collectives import gather_rows, own_rows
from harness.errors import ConfigError
from harness.objectives import Objective


class ObjectiveLoss(nn.Module):
    """Gathers the global batch and hands it, in float32 or better and outside autocast, to `terms`.

    In bf16 the gradient of these losses is off by up to a percent and the 1e-4 inside
    VICReg's root vanishes, so half precision ends here.
    """

    def __init__(self, config: Objective) -> None:
        super().__init__()
        self.config = config

    def forward(self, embeddings: Sequence[Tensor], gathered: bool = False) -> dict[str, Tensor]:
        """The terms of the global batch; see `Objective.build`.

        Args:
            embeddings: This rank's n x D rows of each branch, the same n on every rank.
            gathered: Whether they are all N rows of the global batch already, the same on
                every rank; each rank then computes the whole loss.

        Returns:
            "loss" and the terms before their weights, scalars by name.

        Raises:
            ConfigError: The number of branches or the global batch does not suit the objective.
        """
        self.config.check_branches(len(embeddings))
        first = embeddings[0]
        assert all(each.shape == first.shape and each.dim() == 2 for each in embeddings), [e.shape for e in embeddings]
        wide = reduce(torch.promote_types, (each.dtype for each in embeddings), torch.float32)
        with without_autocast(first.device):
            whole = [each.to(wide) if gathered else gather_rows(each.to(wide)) for each in embeddings]
            num_global = len(whole[0])
            if num_global < 2:
                raise ConfigError(
                    f"objective {self.config.name!r} got a global batch of {num_global}",
                    legal="2 samples or more",
                    mend="raise global_batch_size",
                )
            return self.terms(whole, slice(0, num_global) if gathered else own_rows(num_global))

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The objective's own part.

        Args:
            whole: The global batch, N x D for each branch.
            own: This rank's rows of it.

        Returns:
            Scalars whose mean over ranks is the objective's value on the whole batch.
        """
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The settings, as torch shows a module's."""
        return str(self.config)


def without_autocast(device: torch.device) -> AbstractContextManager[Any]:
    """A context in which nothing is narrowed, whatever autocast says outside; no device but those that have one."""
    if torch.amp.autocast_mode.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()
