"""The modality as it is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.data.views import View

if TYPE_CHECKING:
    from torch import Tensor


class Identity(View, name="identity"):
    """A modality as it is, one channel repeated to the three that encoders take."""

    def build(self) -> Callable[[Tensor], Tensor]:
        """The repetition of a single channel; everything else passes through."""
        from harness.data.views.ops.channels import three_channels

        return three_channels
