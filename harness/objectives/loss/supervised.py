"""The computation of `harness.objectives.supervised`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.distributed.collectives import mean_over_ranks
from harness.objectives.loss.base import without_autocast
from harness.objectives.supervised import UNLABELLED, Supervised


class SupervisedLoss(nn.Module):
    """See `Supervised` for the definition. Ranks exchange how many labels they have, and no logits.

    Args:
        config: The settings.
    """

    def __init__(self, config: Supervised) -> None:
        super().__init__()
        self.config = config

    def forward(self, embeddings: Sequence[Tensor], labels_n: Tensor) -> dict[str, Tensor]:
        """The loss; its mean over ranks is that of the global batch.

        Args:
            embeddings: This rank's logits, n x C, as the only one.
            labels_n: Their classes, int64; -1 where a sample has none. Ranks may hold different n.

        Returns:
            "loss", in the logits' type or float32. The work is in float64, which costs nothing here.

        Raises:
            ConfigError: There is another number of branches.
        """
        self.config.check_branches(len(embeddings), labelled=True)
        (logits_nC,) = embeddings
        assert logits_nC.dim() == 2, logits_nC.shape
        assert labels_n.shape == logits_nC.shape[:1], (labels_n.shape, logits_nC.shape)
        with without_autocast(logits_nC.device):
            total = F.cross_entropy(
                logits_nC.double(),
                labels_n,
                ignore_index=UNLABELLED,
                reduction="sum",
                label_smoothing=self.config.label_smoothing,
            )
            share = mean_over_ranks((labels_n != UNLABELLED).sum().double())
            # Without any label the sum is 0, whatever it is divided by.
            loss = total / torch.where(share > 0, share, 1)
            return {"loss": loss.to(torch.promote_types(logits_nC.dtype, torch.float32))}

    def extra_repr(self) -> str:
        """The settings, as torch shows a module's."""
        return str(self.config)
