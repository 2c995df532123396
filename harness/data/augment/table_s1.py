"""Table S1 of the paper: flips, crop, background noise, rotation, solarize, colour jitter, in this order.

Probabilities and strengths are Table S1's; what it leaves out (how a crop is
drawn, the noise's strength, the range of angles, the jitter) is a field, with
the authors' value where their text and code agree, else a choice that its
description gives the reason for. Every draw is independent for each branch.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from harness.data.augment import Augmentation, Augmenter

Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Strength: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TableS1(Augmentation, name="table_s1"):
    """The paper's augmentations; a probability of 0 switches an operation off.

    Attributes:
        protocol: `paper` follows the text.
        joint_geometry: Whether every branch takes the flips, crop and rotation of
            branch 0, so that the images of a pair stay aligned; translation from
            one to the other needs it.
        flip_probability: Of left-right, and independently of up-down. Table S1's
            "left/right/up/down, 1.0" is read as both being offered always.
        crop_probability: Of a crop, resized back to the image's size.
        crop_minimum: The smallest part of a side that is kept; height and width are
            drawn independently from crop_minimum to 1.
        noise_probability: Of Gaussian noise.
        noise_sigma: Its standard deviation on the scale 0 to 1. The paper gives none:
            0.1 is visible on black and darker than tissue. The sum is cut to [0, 1].
        noise_where: `background` is the pixels whose channels are all exactly 0 after
            the crop, such as padding and the ground of a mask; `everywhere` adds to all.
        rotation_probability: Of a rotation about the image's centre; corners become 0.
        rotation_maximum: The largest angle in radians; angles are drawn from 0 to it.
        rotation_interpolation: The paper names none: `bilinear`, as for the crop, by default.
        solarize_probability: Of inverting all values at or above a threshold, which is
            drawn from the whole scale.
        jitter_probability: Of the colour jitter, whose four parts come in the order below.
        brightness: A factor is drawn from 1 - brightness (not below 0) to 1 + brightness.
        contrast: The same, about the mean grey of the image.
        saturation: The same, about the grey of each pixel.
        hue: A turn of the hue is drawn from -hue to hue, in turns.
    """

    revision: ClassVar[int] = 1

    protocol: Literal["paper"] = "paper"
    joint_geometry: bool = False
    flip_probability: Probability = 0.5
    crop_probability: Probability = 1.0
    crop_minimum: Annotated[float, Field(gt=0, le=1)] = 0.75
    noise_probability: Probability = 0.3
    noise_sigma: Strength = 0.1
    noise_where: Literal["background", "everywhere"] = "background"
    rotation_probability: Probability = 0.4
    rotation_maximum: Annotated[float, Field(ge=0, le=2 * math.pi)] = math.pi
    rotation_interpolation: Literal["bilinear", "nearest"] = "bilinear"
    solarize_probability: Probability = 0.3
    jitter_probability: Probability = 1.0
    brightness: Strength = 0.4
    contrast: Strength = 0.4
    saturation: Strength = 0.4
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1

    def build(self, seed: int) -> Augmenter:
        """The augmenter; the same settings and seed give the same function.

        Raises:
            ConfigError: The seed is out of range.
        """
        from harness.data.augment.ops.chain import Chain

        return Chain(self, seed)
