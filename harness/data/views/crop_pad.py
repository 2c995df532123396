"""The centre of a patch on black: what a small patch shows of the tissue around it (paper, section 2.1)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from harness.data.views import View, Viewer


class CropPad(View, name="crop_pad"):
    """The patch cut to a square about its centre and padded with zeros to its own size.

    The paper keeps 112 px of 224. The padding is exactly 0, so that the augmentation
    knows it for background.

    Attributes:
        keep: The part of a side that is kept, rounded to whole pixels.
    """

    keep: Annotated[float, Field(gt=0, le=1)] = 0.5

    def manner(self) -> str:
        """With the part that is kept, where it is not the paper's."""
        return "crop/pad" if self.keep == 0.5 else f"crop/pad {self.keep:g}"

    def build(self) -> Viewer:
        """The padding of what lies outside."""
        from harness.data.views.ops.crop_pad import crop_pad

        return partial(crop_pad, keep=self.keep)
