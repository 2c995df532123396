"""Cross-entropy with labels: the supervised baseline that the tables set beside the pre-trained encoders.

With label smoothing, off by default, as Szegedy et al., "Rethinking the Inception
Architecture for Computer Vision", CVPR 2016, section 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.objectives import Objective

if TYPE_CHECKING:
    from torch import nn

UNLABELLED = -1


class Supervised(Objective, name="supervised"):
    """Name the class of each sample that has one.

    With z the logits of one branch, N x C, y the labels, -1 where there is none, and M how
    many of the global batch have one: 1/M times the sum over these of
    -sum_c q_c log softmax(z)_c, with q_c = (1 - e) [c = y] + e / C and e the smoothing.
    Over ranks that is no mean of the ranks' means, which would give a sample more weight
    where fewer beside it have a label. A batch without any label has the loss 0 and no
    gradient.

    Attributes:
        label_smoothing: e.
    """

    formula: ClassVar[str] = (
        "mean over the labelled samples of -log softmax(z)_y, z the logits, label smoothing $label_smoothing"
    )
    fewest_branches: ClassVar[int] = 1
    most_branches: ClassVar[int | None] = 1
    needs_labels: ClassVar[bool] = True

    label_smoothing: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = 0.0

    def chance_of_labels(self, class_counts: Sequence[int]) -> float:
        """See `Objective.chance_of_labels`: the entropy of the smoothed labels' frequencies (Gibbs)."""
        total, smoothing = sum(class_counts), self.label_smoothing
        frequencies = [(1 - smoothing) * count / total + smoothing / len(class_counts) for count in class_counts]
        return -sum(share * math.log(share) for share in frequencies if share > 0)

    def build(self) -> nn.Module:
        """See `Objective.build`; the loss is its only term."""
        from harness.objectives.loss.supervised import SupervisedLoss

        return SupervisedLoss(self)
