"""A patch at a lower resolution, enlarged again to its own size (paper, section 2.1)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from harness.data.views import View, Viewer


class Downsample(View, name="downsample"):
    """The patch made smaller and larger again, both by bilinear interpolation.

    The paper goes to 7 x 7 px and back to 224. It does not say how; its authors' code
    resizes without antialiasing, which at 7 px looks at 4 of every 1,024 pixels, so
    what reaches the encoder is closer to a sparse sample than to an average. Both are
    worth reporting.

    Attributes:
        side: Of the small image in px, which is kept in bytes.
        antialias: Whether the small image averages over what lies between its pixels
            (a triangle as wide as two of them), and does not pass over it.
    """

    side: Annotated[int, Field(ge=1)] = 7
    antialias: bool = False

    def manner(self) -> str:
        """With the side."""
        return f"downsample {self.side}" + (" antialiased" if self.antialias else "")

    def build(self) -> Viewer:
        """The two resizes, exact in integers."""
        from harness.data.views.ops.downsample import downsample

        return partial(downsample, side=self.side, antialias=self.antialias)
