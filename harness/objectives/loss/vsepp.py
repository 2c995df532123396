"""The computation of `harness.objectives.vsepp`."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.objectives.loss.base import ObjectiveLoss
from harness.objectives.loss.unit import unit_rows
from harness.objectives.vsepp import VSEPlusPlus


class VSEPlusPlusLoss(ObjectiveLoss):
    """See `VSEPlusPlus` for the definition. Each rank takes its own n rows and n columns of S."""

    config: VSEPlusPlus

    def terms(self, whole: list[Tensor], own: slice) -> dict[str, Tensor]:
        """The loss over this rank's samples, each against the hardest negative of all ranks."""
        u_ND, v_ND = (unit_rows(z_ND) for z_ND in whole)
        itself_n1 = torch.arange(own.start, own.stop, device=u_ND.device).unsqueeze(1)
        cosines_2nN = torch.stack([u_ND[own] @ v_ND.T, v_ND[own] @ u_ND.T])
        itself_2n1 = itself_n1.expand(2, -1, -1)
        partner_2n = cosines_2nN.gather(2, itself_2n1).squeeze(2)
        hardest_2n = cosines_2nN.scatter(2, itself_2n1, -torch.inf).amax(2)
        lack_2n = torch.relu(self.config.margin + hardest_2n - partner_2n)
        return {"loss": lack_2n.sum(0).mean(dtype=torch.float64).to(u_ND.dtype)}
