"""What both protocols of Table S1 have: six operations with a probability each, and what they are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from harness.data.augment import Augmentation

Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Span: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Spans:
    """The lowest and the highest value of each parameter; all are drawn uniformly between.

    Attributes:
        side: The part of a side that a crop keeps.
        angle: Of a rotation, in radians.
        threshold: Of solarize, on the scale 0 to 1.
        brightness: A factor under `paper`; grey levels of 255, to be added, under `authors`.
        contrast: A factor.
        saturation: A factor.
        hue: A part of a turn.
    """

    side: Span
    angle: Span
    threshold: Span
    brightness: Span
    contrast: Span
    saturation: Span
    hue: Span


class TableS1Family(Augmentation):
    """Table S1 in either protocol; a probability of 0 switches an operation off.

    The two share their draws: with one seed a sample has the same flips, crop and
    angles under both, so that they differ in what is done and not in luck.

    Attributes:
        joint_geometry: Whether every branch takes the flips, crop and rotation of
            branch 0, so that the images of a pair stay aligned; translation from
            one to the other needs it.
        flip_probability: Of left-right, and independently of up-down. Table S1's
            "left/right/up/down, 1.0" is read as both being offered always.
        crop_probability: Of a crop, resized back to the image's size.
        noise_probability: Of noise.
        rotation_probability: Of a rotation about the image's centre; corners become 0.
        solarize_probability: Of inverting all values at or above a threshold.
        jitter_probability: Of the colour jitter, whose parts come as brightness,
            contrast, saturation, hue.
    """

    joint_geometry: bool = False
    flip_probability: Probability = 0.5
    crop_probability: Probability = 1.0
    noise_probability: Probability = 0.3
    rotation_probability: Probability = 0.4
    solarize_probability: Probability = 0.3
    jitter_probability: Probability = 1.0

    def spans(self) -> Spans:
        """What each parameter is drawn from."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it draws from")
