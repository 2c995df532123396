"""Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004), as a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.translation import Loss

if TYPE_CHECKING:
    from torch import nn

SIDE = 11


class Ssim(Loss, name="ssim"):
    """1 - SSIM, each channel for itself.

    Statistics are taken in windows of 11 x 11 px with Gaussian weights of sigma 1.5 that lie
    within the image, so a side of H px has H - 10 of them; c1 = .01^2 and c2 = .03^2 for
    values in 0..1.
    """

    formula: ClassVar[str] = (
        "1 - mean over windows of (2 m_x m_y + c1)(2 cov_xy + c2) / ((m_x^2 + m_y^2 + c1)(var_x + var_y + c2))"
    )
    least_size: ClassVar[int] = SIDE

    def build(self) -> nn.Module:
        """See `Loss.build`; beside the loss there is "ssim"."""
        from harness.translation.loss.ssim import SsimLoss

        return SsimLoss()
