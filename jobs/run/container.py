"""All that a pre-training run trains in one module, whose forward pass goes from inputs to the objective's terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from harness.models.branches import BranchModel, Output
from harness.models.nets.dense import ExpanderModule
from harness.models.nets.shell import EncoderModule


class Container(BranchModel):
    """The branches and their objective, which may have something to learn of its own.

    A temperature that is learnt must lie where the optimiser, the mean over ranks and
    the checkpoints find it. An objective without parameters adds nothing to the state.

    Args:
        encoders: See `BranchModel`.
        expanders: See `BranchModel`.
        branches: See `BranchModel`.
        objective: From embeddings to terms; see `Objective.build`.
        online: See `BranchModel`.
    """

    def __init__(
        self,
        encoders: Iterable[EncoderModule],
        expanders: Iterable[ExpanderModule],
        branches: Sequence[tuple[int, int]],
        objective: nn.Module,
        online: nn.Linear | None = None,
    ) -> None:
        super().__init__(encoders, expanders, branches, online)
        self.objective = objective

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Output, dict[str, Tensor]]:  # type: ignore[override]
        """The branches' output, and the objective's terms by name.

        Args:
            inputs: One batch a branch, B x C x H x W or B x D.
        """
        output = super().forward(inputs)
        return output, self.objective(output.embeddings)
