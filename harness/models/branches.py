"""The joint-embedding container: branches, each an encoder and an expander, which they may share.

One container holds all branches, because a distributed engine wraps one module: with
one forward pass a step, gradients of an encoder that two branches share are summed
before they are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from harness.models.nets.dense import ExpanderModule
from harness.models.nets.shell import EncoderModule


class Branch(NamedTuple):
    """Which encoder and which expander a branch uses. Sharing is two branches that name the same."""

    encoder: int
    expander: int


class Output(NamedTuple):
    """What a forward pass yields, a tensor a branch.

    Attributes:
        representations: B x F, each of its encoder's own width.
        embeddings: B x D.
        online_logits: B x classes of the online head, or None where there is none.
    """

    representations: tuple[Tensor, ...]
    embeddings: tuple[Tensor, ...]
    online_logits: Tensor | None


class BranchModel(nn.Module):
    """Encoders and expanders, and the branches that use them.

    Branches run one after the other, each as a batch of its own: an encoder that is
    shared normalises each branch by that branch's statistics, as the authors' code does,
    and its running statistics average over both.

    Args:
        encoders: Each used by at least one branch.
        expanders: The same.
        branches: Two or more, in the order of the inputs.
        online: A linear head on the first branch's representation, which learns along and
            whose gradient stops there: a diagnostic.
    """

    def __init__(
        self,
        encoders: Iterable[EncoderModule],
        expanders: Iterable[ExpanderModule],
        branches: Sequence[tuple[int, int]],
        online: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.expanders = nn.ModuleList(expanders)
        self.branches = tuple(Branch(*branch) for branch in branches)
        self.online = online
        self._check()

    def encoder(self, index: int) -> EncoderModule:
        """One of the encoders."""
        encoder = self.encoders[index]
        assert isinstance(encoder, EncoderModule)
        return encoder

    def _check(self) -> None:
        """Every component is used: one that is not would get no gradient, and ranks would wait for it."""
        assert len(self.branches) >= 2, "a joint embedding has two branches or more"
        assert {branch.encoder for branch in self.branches} == set(range(len(self.encoders))), "encoders unused"
        assert {branch.expander for branch in self.branches} == set(range(len(self.expanders))), "expanders unused"
        for branch in self.branches:
            width, wanted = self.encoder(branch.encoder).num_features, self.expanders[branch.expander].in_features
            assert width == wanted, f"an encoder of width {width} before an expander of {wanted}"
        first = self.encoder(self.branches[0].encoder).num_features
        assert self.online is None or self.online.in_features == first, f"an online head on {first} features"

    def forward(self, inputs: Sequence[Tensor]) -> Output:
        """Run every branch.

        Args:
            inputs: One batch a branch, B x C x H x W or B x D.
        """
        representations = self.represent(inputs)
        return Output(representations, self.expand(representations), self.recognise(representations))

    def represent(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Each branch's representations, B x F."""
        return tuple(self.encoders[branch.encoder](x) for branch, x in zip(self.branches, inputs, strict=True))

    def expand(self, representations: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Each branch's embeddings, B x D."""
        return tuple(
            self.expanders[branch.expander](h_BF) for branch, h_BF in zip(self.branches, representations, strict=True)
        )

    def recognise(self, representations: Sequence[Tensor]) -> Tensor | None:
        """The online head's logits, where there is one."""
        return None if self.online is None else self.online(representations[0].detach())
