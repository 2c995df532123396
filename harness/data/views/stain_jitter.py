"""A control: the image itself, as if it had been stained a little otherwise."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from harness.data.views import View, Viewer


class StainJitter(View, name="stain_jitter"):
    """The image with the amounts of its stains changed, by the same amounts in every epoch.

    A second image of the same tissue differs from the first in its stain at least. Paired
    with this view, an image has a partner that differs from it in nothing else, so what
    a real second stain adds must show beside it.

    Optical densities are split into haematoxylin, eosin and a third stain by the vectors of
    Ruifrok and Johnston (2001). Each amount is then scaled and shifted, as in Tellez et
    al. (2018), by numbers that are drawn once for each sample.

    Attributes:
        scale: A factor is drawn from 1 - scale to 1 + scale for each stain.
        shift: An amount is drawn from -shift to shift for each stain and added.
    """

    scale: Annotated[float, Field(ge=0, le=1)] = 0.2
    shift: Annotated[float, Field(ge=0, le=1)] = 0.05

    def manner(self) -> str:
        """In two words."""
        return "stain-jittered"

    def build(self) -> Viewer:
        """The change of the amounts, exact on every device."""
        from harness.data.views.ops.stain import jitter_stains

        return partial(jitter_stains, scale=self.scale, shift=self.shift)
