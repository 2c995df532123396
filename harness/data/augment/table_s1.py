"""Table S1 of the paper: flips, crop, background noise, rotation, solarize, colour jitter, in this order.

Probabilities and strengths are Table S1's; what it leaves out (how a crop is
drawn, the noise's strength, the range of angles, the jitter) is a field, with
the authors' value where their text and code agree, else a choice that its
description gives the reason for. Every draw is independent for each branch.
What the authors' code does instead is `table_s1_authors`.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from harness.config.base import Placement
from harness.data.augment import Augmenter
from harness.data.augment.ops.backend import Backend, chosen
from harness.data.augment.shared import Span, Spans, TableS1Family

Strength: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TableS1(TableS1Family, name="table_s1"):
    """The paper's augmentations.

    Attributes:
        protocol: `paper` follows the text.
        crop_minimum: The smallest part of a side that is kept; height and width are
            drawn independently from crop_minimum to 1.
        noise_sigma: The standard deviation of the noise, which is Gaussian, on the scale
            0 to 1. The paper gives none: 0.1 is visible on black and darker than
            tissue. The sum is cut to [0, 1].
        noise_where: `background` is the pixels whose channels are all exactly 0 after
            the crop, such as padding and the ground of a mask; `everywhere` adds to all.
        rotation_maximum: The largest angle in radians; angles are drawn from 0 to it.
        rotation_interpolation: The paper names none: `bilinear`, as for the crop, by default.
        brightness: A factor is drawn from 1 - brightness (not below 0) to 1 + brightness.
        contrast: The same, about the mean grey of the image.
        saturation: The same, about the grey of each pixel.
        hue: A turn of the hue is drawn from -hue to hue, in turns.
        backend: Who computes: `torch`, the batched form, on any device; `numba`, one fused
            pass on a CPU, several times faster; `auto`, numba where it is installed and
            the images are on a CPU. It is a placement, as the device is: draws are the
            same bits and pixels the same to 1e-6, less than two devices differ by. One
            machine chooses the same again, so a resumed run stays bit-exact there.
    """

    revision: ClassVar[int] = 1

    protocol: Literal["paper"] = "paper"
    crop_minimum: Annotated[float, Field(gt=0, le=1)] = 0.75
    noise_sigma: Strength = 0.1
    noise_where: Literal["background", "everywhere"] = "background"
    rotation_maximum: Annotated[float, Field(ge=0, le=2 * math.pi)] = math.pi
    rotation_interpolation: Literal["bilinear", "nearest"] = "bilinear"
    brightness: Strength = 0.4
    contrast: Strength = 0.4
    saturation: Strength = 0.4
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    backend: Annotated[Backend, Placement()] = "auto"

    def spans(self) -> Spans:
        """See `TableS1Family.spans`; a threshold may lie anywhere on the scale."""
        return Spans(
            side=(self.crop_minimum, 1.0),
            angle=(0.0, self.rotation_maximum),
            threshold=(0.0, 1.0),
            brightness=_factor(self.brightness),
            contrast=_factor(self.contrast),
            saturation=_factor(self.saturation),
            hue=(-self.hue, self.hue),
        )

    def build(self, seed: int) -> Augmenter:
        """The augmenter; the same settings and seed give the same function.

        Raises:
            ConfigError: The seed is out of range.
            MissingDependencyError: The back end is not installed.
        """
        from harness.data.augment.ops.chain import Chain
        from harness.data.augment.ops.paper import paper_on

        if self.backend != "auto":
            self.backend_on("cpu")
        return Chain(self, seed, partial(paper_on, self))

    def backend_on(self, device: str) -> str:
        """See `Augmentation.backend_on`."""
        return chosen(self.backend, device)


def _factor(strength: float) -> Span:
    return max(0.0, 1.0 - strength), 1.0 + strength
