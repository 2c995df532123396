"""The parameters of Table S1 for a batch, drawn on the host and the same bits everywhere.

Draw 0 of an operation says whether it happens; the draws after it are its
parameters and are made either way, so a changed probability moves nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from harness.data.random import uniform_streams

if TYPE_CHECKING:
    from harness.data.augment.shared import Span, TableS1Family

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NUM_DRAWS = 6


class Operation(IntEnum):
    """The operations by their numbers in the draw layout; a number is never given twice."""

    FLIP = 0
    CROP = 1
    NOISE = 2
    ROTATION = 3
    SOLARIZE = 4
    JITTER = 5


GEOMETRY = (Operation.FLIP, Operation.CROP, Operation.ROTATION)


@dataclass(frozen=True)
class Draws:
    """One value a sample, each array of (B,) but for `noise_key`.

    Attributes:
        flip_lr: Whether left and right are exchanged.
        flip_ud: Whether up and down are exchanged.
        crop_height: The part of the height that is kept, 1 where there is no crop.
        crop_width: The part of the width that is kept.
        crop_top: Where the crop lies among its possible places, 0 to below 1.
        crop_left: The same from left to right.
        noise: Whether there is noise.
        noise_key: Two 32-bit words that key the noise of the pixels, int64 of (B, 2).
        rotation: Whether there is a rotation.
        angle: In radians, anticlockwise.
        solarize: Whether values are inverted.
        threshold: From which value on, on the scale 0 to 1.
        jitter: Whether colours are jittered.
        brightness: A factor; under `authors` grey levels of 255, which are added.
        contrast: A factor.
        saturation: A factor.
        hue: A part of a turn.
    """

    flip_lr: Flags
    flip_ud: Flags
    crop_height: Floats
    crop_width: Floats
    crop_top: Floats
    crop_left: Floats
    noise: Flags
    noise_key: npt.NDArray[np.int64]
    rotation: Flags
    angle: Floats
    solarize: Flags
    threshold: Floats
    jitter: Flags
    brightness: Floats
    contrast: Floats
    saturation: Floats
    hue: Floats

    def take(self, part: slice) -> Draws:
        """The draws of some rows of the batch."""
        return Draws(**{name: values[part] for name, values in vars(self).items()})


def draw(config: TableS1Family, seed: int, keys: npt.NDArray[np.uint64], epoch: int, branch: int) -> Draws:
    """The parameters of each sample; a sample's own are the same bits in every batch.

    Raises:
        ConfigError: The seed is out of range.
    """
    streams = [(_branch_of(config, operation, branch), int(operation)) for operation in Operation]
    table = uniform_streams(seed, epoch, keys, streams, NUM_DRAWS).transpose(1, 2, 0)
    flip, crop, noise, rotation, solarize, jitter = (table[operation] for operation in Operation)
    cropped, spans = crop[0] < config.crop_probability, config.spans()
    return Draws(
        flip_lr=flip[0] < config.flip_probability,
        flip_ud=flip[1] < config.flip_probability,
        crop_height=np.where(cropped, _between(spans.side, crop[1]), 1.0),
        crop_width=np.where(cropped, _between(spans.side, crop[2]), 1.0),
        crop_top=crop[3],
        crop_left=crop[4],
        noise=noise[0] < config.noise_probability,
        noise_key=(noise[1:3] * 2**32).astype(np.int64).T,
        rotation=rotation[0] < config.rotation_probability,
        angle=_between(spans.angle, rotation[1]),
        solarize=solarize[0] < config.solarize_probability,
        threshold=_between(spans.threshold, solarize[1]),
        jitter=jitter[0] < config.jitter_probability,
        brightness=_between(spans.brightness, jitter[1]),
        contrast=_between(spans.contrast, jitter[2]),
        saturation=_between(spans.saturation, jitter[3]),
        hue=_between(spans.hue, jitter[4]),
    )


def _branch_of(config: TableS1Family, operation: Operation, branch: int) -> int:
    """The branch whose draws an operation takes: with joint geometry branch 0's, for what moves pixels."""
    return 0 if config.joint_geometry and operation in GEOMETRY else branch


def _between(span: Span, unit: Floats) -> Floats:
    low, high = span
    return low + (high - low) * unit
