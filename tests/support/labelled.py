"""What any objective is put to the test with: as many branches as it takes, and labels where it needs them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from harness.objectives import Objective
from support.oracles import Array, sample_embeddings


def sample_labels(num_rows: int, num_classes: int) -> list[int]:
    """Classes of the rows of `sample_embeddings`; some rows have none, and not as many in each part of them."""
    return [-1 if i * i % 5 == 1 else (3 * i + 2) % num_classes for i in range(num_rows)]


def sample_branches(objective: Objective, num_rows: int = 8, width: int = 6) -> list[Array]:
    """As many branches of `sample_embeddings` as the objective takes, two where it takes any number."""
    return sample_embeddings(num_rows, width)[: objective.most_branches]


def terms_of(
    module: nn.Module, embeddings: Sequence[Tensor], parameters: dict[str, Tensor] | None = None
) -> dict[str, Tensor]:
    """What an objective's module returns, given the labels of `sample_labels` where it needs them.

    Args:
        module: The objective's.
        embeddings: Of all rows.
        parameters: Tensors in the place of the module's parameters, which gradients may go through.
    """
    arguments: tuple[object, ...] = (embeddings,)
    if module.config.needs_labels:
        labels = sample_labels(*embeddings[0].shape)
        arguments = (embeddings, torch.tensor(labels, device=embeddings[0].device))
    return functional_call(module, parameters or {}, arguments)
