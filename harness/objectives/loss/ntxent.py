"""The computation of `harness.objectives.ntxent`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.unit import unit_rows
from harness.objectives.ntxent import NTXent


class NTXentLoss(ObjectiveLoss):
    """See `NTXent` for the definition. Each rank takes its own 2n anchors against the 2N embeddings of all."""

    config: NTXent

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The loss over this rank's anchors."""
        u_ND, v_ND = (unit_rows(z_ND) for z_ND in whole)
        num_global, device = len(u_ND), u_ND.device
        anchors_2nD, all_2ND = torch.cat([u_ND[own], v_ND[own]]), torch.cat([u_ND, v_ND])
        of_u_n = torch.arange(own.start, own.stop, device=device)
        of_v_n = of_u_n + num_global
        itself_2n1 = torch.cat([of_u_n, of_v_n]).unsqueeze(1)
        logits_2n2N = (anchors_2nD @ all_2ND.T / self.config.temperature).scatter(1, itself_2n1, -torch.inf)
        losses_2n = F.cross_entropy(logits_2n2N, torch.cat([of_v_n, of_u_n]), reduction="none")
        return {"loss": losses_2n.mean(dtype=torch.float64).to(u_ND.dtype)}
