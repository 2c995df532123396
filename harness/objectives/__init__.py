"""Objectives: what training minimises, each a file here with its settings and its formula.

An objective takes the embeddings of the branches, this rank's rows of the global
batch, and returns its terms by name. Over W ranks, one rule: every statistic over
the batch is global and the mean of the ranks' losses is the loss of one process on
the whole batch, with exactly its gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.config.family import Family
from harness.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn


class Objective(Family, package="harness.objectives"):
    """A loss over the embeddings of two or more branches.

    Attributes:
        formula: The definition in one line, for tables and reports.
        most_branches: How many branches it can take, two being the fewest; None is any number.
    """

    formula: ClassVar[str] = ""
    most_branches: ClassVar[int | None] = None

    def check_branches(self, num_branches: int) -> None:
        """Refuse a number of branches that the definition does not cover.

        Args:
            num_branches: How many embeddings of a sample there are.

        Raises:
            ConfigError: Naming the objective, the number and the legal ones.
        """
        most = self.most_branches
        if num_branches < 2 or (most is not None and num_branches > most):
            legal = "2 or more branches" if most is None else f"2 to {most} branches" if most > 2 else "2 branches"
            raise ConfigError(
                f"objective {self.name!r} is not defined for {num_branches} branch{'es' * (num_branches != 1)}",
                legal=legal,
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

    def build(self) -> nn.Module:
        """The objective as a module.

        Its `forward(embeddings)` takes one n x D tensor per branch, this rank's rows,
        and returns scalars by name: "loss", the weighted total, and every term of
        it before its weight. It computes in float32 or better, whatever autocast
        says, reads nothing back to the host, and holds no parameters unless its
        definition does.
        """
        raise NotImplementedError
