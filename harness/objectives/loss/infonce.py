"""The computation of `harness.objectives.infonce`, and of `harness.objectives.clip` where its scale is fixed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from harness.objectives.infonce import InfoNCE
from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.unit import unit_rows


class InfoNCELoss(ObjectiveLoss):
    """See `InfoNCE` for the definition. Each rank takes its own n rows and n columns of the N x N logits."""

    config: InfoNCE

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The loss over this rank's anchors of both branches."""
        u_ND, v_ND = (unit_rows(z_ND) for z_ND in whole)
        partners_n = torch.arange(own.start, own.stop, device=u_ND.device)
        cosines_2nN = torch.cat([u_ND[own] @ v_ND.T, v_ND[own] @ u_ND.T])
        partners_2n = torch.cat([partners_n, partners_n])
        losses_2n = F.cross_entropy(self.logits(cosines_2nN), partners_2n, reduction="none")
        return {"loss": losses_2n.mean().to(u_ND.dtype)}

    def logits(self, cosines_2nN: Tensor) -> Tensor:
        """The cosines over t. A small loss is the difference of large ones: in float64, which costs nothing here."""
        return cosines_2nN.double() / self.config.temperature
