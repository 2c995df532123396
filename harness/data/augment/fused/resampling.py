"""Flips, crop and noise, row by row: two rows of bytes are mixed, then columns of the one that they make."""

from __future__ import annotations

import numpy as np

from harness.data.augment.fused.compiled import compiled
from harness.data.augment.fused.noise import add_noise, background
from harness.data.augment.fused.numbers import Bytes, Real, Reals, Word, Words
from harness.data.augment.fused.plan import Plan, Ways

BYTE, PER_BYTE = Real(255), Real(1 / 255)


@compiled()
def resample(image: Bytes, plan: Plan, ways: Ways, n: int, canvas: Reals, margin: int) -> None:
    """Flips, crop and noise: the image in floats, `margin` px from the canvas's corner."""
    channels, height, width = len(canvas), len(image), plan.columns.shape[2]
    line, ground = np.empty(width * channels, np.float32), np.ones(width, np.float32)
    near, far, weights = plan.columns[0, n], plan.columns[1, n], plan.column_weights[n]
    for i in range(height):
        mix_rows(image, plan.rows[0, n, i], plan.rows[1, n, i], plan.row_weights[n, i], line)
        for c in range(channels):
            mix_columns(line, Word(c), near, far, weights, canvas, i + margin, margin)
        if plan.noise[n] and (ways.everywhere or background(canvas, i + margin, margin, ground)):
            add_noise(canvas, i, margin, height, plan.noise_key[n], ways.noise_sigma, ground)


@compiled()
def mix_rows(image: Bytes, top: Word, bottom: Word, weight: Real, line: Reals) -> None:
    """Two rows of bytes as one on the scale 0 to 1.

    The division by 255 is a product and, for its remainder, another: that rounds as
    a division does and takes a third of the time.
    """
    for k in range(len(line)):
        near = Real(image[top, k])
        mixed = near + weight * (Real(image[bottom, k]) - near)
        part = mixed * PER_BYTE
        line[k] = part + (mixed - part * BYTE) * PER_BYTE


@compiled()
def mix_columns(
    line: Reals, c: Word, near: Words, far: Words, weights: Reals, canvas: Reals, i: int, margin: int
) -> None:
    """One channel of a row."""
    for j in range(len(near)):
        one = line[near[j] + c]
        canvas[c, i, j + margin] = one + weights[j] * (line[far[j] + c] - one)
