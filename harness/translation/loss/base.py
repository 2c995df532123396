"""What every image loss does before its own formula."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn


class LossModule(nn.Module):
    """Hands predicted images and targets, in float32 or better and outside autocast, to `terms`.

    Structural similarity takes small differences of squares, which bf16 does not hold.
    """

    def forward(self, predicted_BCHW: Tensor, target_BCHW: Tensor) -> dict[str, Tensor]:
        """The terms of this rank's samples; see `Loss.build`."""
        both = (predicted_BCHW, target_BCHW)
        assert both[0].shape == both[1].shape, [tuple(each.shape) for each in both]
        wide = reduce(torch.promote_types, (each.dtype for each in both), torch.float32)
        with torch.autocast(predicted_BCHW.device.type, enabled=False):
            return self.terms(*(each.to(wide) for each in both))

    def terms(self, predicted_BCHW: Tensor, target_BCHW: Tensor) -> dict[str, Tensor]:
        """The loss's own part: "loss", and what is worth a look beside it."""
        raise NotImplementedError
