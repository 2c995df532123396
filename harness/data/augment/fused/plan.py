"""What the kernels are told: arrays of one value, or one line, for each image."""

from __future__ import annotations

from typing import NamedTuple

from harness.data.augment.fused.numbers import Flags, Real, Reals, Words


class Plan(NamedTuple):
    """What is done to each image of a batch; B of each.

    Attributes:
        rows: The two source rows of each row, (2, B, H).
        row_weights: The second one's weight, (B, H).
        columns: The same of columns, as the place of their first byte in a row; (2, B, W).
        column_weights: The second one's weight, (B, W).
        noise: Whether there is noise.
        noise_key: Two words, (B, 2).
        rotation: Whether there is a rotation.
        turn_columns: What a column brings to the source's x and y, (2, B, W).
        turn_rows: What a row brings, (2, B, H).
        solarize: Whether values are inverted.
        threshold: From which value on.
        jitter: Whether colours are jittered.
        factors: Of brightness, contrast and saturation, and the hue's turn in sixths; (4, B).
    """

    rows: Words
    row_weights: Reals
    columns: Words
    column_weights: Reals
    noise: Flags
    noise_key: Words
    rotation: Flags
    turn_columns: Reals
    turn_rows: Reals
    solarize: Flags
    threshold: Reals
    jitter: Flags
    factors: Reals


class Ways(NamedTuple):
    """What holds for all images.

    Attributes:
        noise_sigma: The noise's standard deviation.
        everywhere: Whether noise is added to every pixel, not to the background alone.
        nearest: Whether a rotation takes the nearest pixel.
    """

    noise_sigma: Real
    everywhere: bool
    nearest: bool
