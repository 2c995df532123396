"""All that a pre-training run trains in one module, whose forward pass goes from inputs to the objective's terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from harness.distributed.batch_norm import synchronised
from harness.distributed.collectives import gather_rows
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

    def synchronise(self) -> None:
        """Have every batch norm take its statistics from the global batch."""
        synchronised(self)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Output, dict[str, Tensor]]:  # type: ignore[override]
        """The branches' output, and the objective's terms by name.

        Args:
            inputs: One batch a branch, B x C x H x W or B x D.
        """
        output = super().forward(inputs)
        return output, self.objective(output.embeddings)


class Replicated(Container):
    """The same, with every rank running the expanders on the representations of all ranks.

    The expanders hold 302 of the 349 million weights of the paper's pair. Where each rank
    has all representations, N x 2048, it computes the whole loss and the whole gradient of
    the expanders, so only the encoders' gradients cross the network: 0.19 GB a step
    instead of 1.40. The price is that the expanders' work is not shared out.

    The sum over ranks in the backward pass of the gather, and the mean over ranks of the
    encoders' gradients, cancel: each rank's loss is the whole one.
    """

    def __init__(
        self,
        encoders: Iterable[EncoderModule],
        expanders: Iterable[ExpanderModule],
        branches: Sequence[tuple[int, int]],
        objective: nn.Module,
        online: nn.Linear | None = None,
    ) -> None:
        super().__init__(encoders, expanders, branches, objective, online)
        left_alone = [*dict(self.expanders.named_parameters()), *dict(self.expanders.named_buffers())]
        # The name under which DistributedDataParallel looks for what it is not to average.
        self._ddp_params_and_buffers_to_ignore = [f"expanders.{name}" for name in left_alone]

    def synchronise(self) -> None:
        """Have the encoders' batch norms take their statistics from the global batch; the expanders see all of it."""
        synchronised(self.encoders)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Output, dict[str, Tensor]]:  # type: ignore[override]
        """See `Container.forward`; the embeddings are those of the global batch, the same on every rank."""
        representations = self.represent(inputs)
        embeddings = self.expand([gather_rows(h_nF) for h_nF in representations])
        output = Output(representations, embeddings, self.recognise(representations))
        return output, self.objective(embeddings, gathered=True)
