"""Objectives: what training minimises, each a file here with its settings and its formula.

An objective takes the embeddings of the branches, this rank's rows of the global
batch, and the labels where it needs them, and returns its terms by name. Over W ranks, one rule: every statistic over
the batch is global and the mean of the ranks' losses is the loss of one process on
the whole batch, with exactly its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import TYPE_CHECKING, ClassVar

from harness.config.family import Family
from harness.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn


class Objective(Family, package="harness.objectives"):
    """A loss over the embeddings of a sample's branches, or over the logits of one branch and labels.

    Attributes:
        formula: The definition in one line, a `$` before each of the settings in it.
        fewest_branches: How many branches it takes at least.
        most_branches: How many it takes at most; None is any number.
        needs_labels: Whether it needs each sample's class, which a joint embedding does not know.
    """

    formula: ClassVar[str] = ""
    fewest_branches: ClassVar[int] = 2
    most_branches: ClassVar[int | None] = None
    needs_labels: ClassVar[bool] = False

    def stated(self) -> str:
        """The definition in one line with the settings in their places, as a run says it at its start."""
        settings = {name: f"{value:g}" for name, value in self if isinstance(value, int | float)}
        return Template(self.formula).substitute(settings)

    def check_branches(self, num_branches: int, *, labelled: bool = False) -> None:
        """Refuse what the definition does not cover.

        Args:
            num_branches: How many embeddings of a sample there are.
            labelled: Whether there are labels, too.

        Raises:
            ConfigError: Naming the objective, what it lacks or the number, and what is legal.
        """
        if self.needs_labels and not labelled:
            raise ConfigError(
                f"objective {self.name!r} needs labels",
                legal=[name for name, member in self.catalogue().items() if not member.needs_labels],
                mend="use stage: supervise, or take another objective",
            )
        fewest, most = self.fewest_branches, self.most_branches
        if num_branches < fewest or (most is not None and num_branches > most):
            raise ConfigError(
                f"objective {self.name!r} is not defined for {_branches(num_branches)}",
                legal=_range(fewest, most),
                mend="change the branches, or take another objective",
            )

    def chance(self, global_batch_size: int, *, width: int | None = None, num_branches: int = 2) -> float:
        """The least loss that embeddings can reach which say nothing about which of them form a pair.

        A run that ends no lower has learnt nothing of its pairs.

        Args:
            global_batch_size: N.
            width: D, which an objective that sums over dimensions needs.
            num_branches: How many embeddings of a sample there are.
        """
        raise NotImplementedError

    def chance_of_labels(self, class_counts: Sequence[int]) -> float:
        """`chance` of an objective that needs labels: the least loss of logits which say nothing about the sample.

        Args:
            class_counts: How many samples each class has, by which the best of such logits are chosen.
        """
        raise NotImplementedError

    def build(self) -> nn.Module:
        """The objective as a module.

        Its `forward(embeddings)` takes one n x D tensor per branch, this rank's rows, and
        returns scalars by name: "loss", the weighted total, and every term of it before its
        weight. With `gathered=True` the rows are those of all ranks. One that needs labels
        is `forward(embeddings, labels)`, with n class indices, -1 where a sample has none.
        It computes in float32 or better, whatever autocast says, reads nothing back to the
        host, and holds no parameters unless its definition does: those belong in the
        container that is trained.
        """
        raise NotImplementedError


def _branches(number: int) -> str:
    return f"{number} branch{'es' * (number != 1)}"


def _range(fewest: int, most: int | None) -> str:
    if most is None:
        return f"{fewest} or more branches"
    return _branches(most) if fewest == most else f"{fewest} to {most} branches"
