"""The computation of `harness.objectives.clip` with a scale that is learnt."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from harness.objectives.clip import CLIP
from harness.objectives.loss.infonce import InfoNCELoss

GREATEST_SCALE = 100.0


class CLIPLoss(InfoNCELoss):
    """See `CLIP` for the definition.

    What is learnt is kept as `log_gain`, s less its start ln(1 / t): the derivative by it
    and an optimiser's steps are those of s, the start is exact in any precision, and a
    weight decay, which CLIP does not put on s, would pull to the start and not to a scale
    of 1.

    The bound is kept by the forward pass, which sets the parameter back before it is
    used, and so after every step of whatever optimiser, as the original's training loop
    does. A clamp that is part of the graph would have no gradient beyond the bound: s
    could never come back.

    Args:
        config: The settings.
    """

    config: CLIP

    def __init__(self, config: CLIP) -> None:
        super().__init__(config)
        self.log_gain = nn.Parameter(torch.tensor(0.0))

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The loss over this rank's anchors of both branches, and the scale that it was taken at."""
        with torch.no_grad():
            self.log_gain.clamp_(max=math.log(GREATEST_SCALE * self.config.temperature))
        scale = self.log_gain.double().exp() / self.config.temperature
        return {**super().terms(whole, own), "scale": scale.to(whole[0].dtype)}

    def logits(self, cosines_2nN: Tensor) -> Tensor:
        """See `InfoNCELoss.logits`."""
        return super().logits(cosines_2nN) * self.log_gain.double().exp()
