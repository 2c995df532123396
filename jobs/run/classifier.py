"""All that a supervised run trains in one module, whose forward pass goes from inputs and classes to terms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.models.nets.shell import EncoderModule


class Classifier(nn.Module):
    """An encoder, a dense layer, and the objective, which may have something to learn of its own.

    Args:
        encoder: From inputs to representations.
        head: From representations to logits, one a class.
        objective: From logits and classes to terms; see `Objective.build`.
    """

    def __init__(self, encoder: EncoderModule, head: nn.Linear, objective: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head, self.objective = encoder, head, objective

    def forward(self, x: Tensor, labels_B: Tensor) -> dict[str, Tensor]:
        """The objective's terms, and the share of samples whose largest logit is that of their class.

        Args:
            x: This rank's share of a batch, B x C x H x W or B x D.
            labels_B: The class of each sample.
        """
        logits_BC = self.head(self.encoder(x))
        terms: dict[str, Tensor] = self.objective([logits_BC], labels_B)
        with torch.no_grad():
            correct_B = logits_BC.argmax(1) == labels_B
            return {**terms, "accuracy": correct_B.float().mean()}
