"""Rotation: a row's sources are traced in the frame, then gathered."""

from __future__ import annotations

import numpy as np

from harness.data.augment.fused.compiled import compiled
from harness.data.augment.fused.numbers import BORDER, HALF, MARGIN, NEXT, ONE, ZERO, Real, Reals, Word, Words
from harness.data.augment.fused.plan import Plan

ANEW = Word(0)


@compiled()
def rotate(frame: Reals, plan: Plan, nearest: bool, n: int, image: Reals) -> None:
    """Each row of the image gathered from the frame; what lies outside is met as the frame's border."""
    channels, height, width = image.shape
    stride, planes = Word(width + BORDER), frame.reshape(channels, -1)
    corner, right, down = np.empty(width, np.uint32), np.empty(width, np.float32), np.empty(width, np.float32)
    columns_x, columns_y = plan.turn_columns[0, n], plan.turn_columns[1, n]
    for i in range(height):
        trace(columns_x, plan.turn_rows[0, n, i], width, nearest, ANEW, NEXT, corner, right)
        trace(columns_y, plan.turn_rows[1, n, i], height, nearest, NEXT, stride, corner, down)
        for c in range(channels):
            gather(planes, c, corner, right, down, stride, image, i)


@compiled()
def trace(
    columns: Reals, row: Real, side: int, nearest: bool, keep: Word, stride: Word, corner: Words, weights: Reals
) -> None:
    """One coordinate of each pixel's source: its line in the frame, added to `corner`, and the next one's weight.

    Rounding is grid_sample's own, so the two agree to the last bit where both
    have fused multiply-add.
    """
    edge, half = Real(side), Real(side) * HALF
    for j in range(len(columns)):
        source = min(max((columns[j] + row + ONE) * half - HALF, -ONE), edge)
        line = np.rint(source) if nearest else np.floor(source)
        weights[j] = ZERO if nearest else source - line
        corner[j] = corner[j] * keep + Word(np.int32(line) + np.int32(MARGIN)) * stride


@compiled()
def gather(planes: Reals, c: int, corner: Words, right: Reals, down: Reals, stride: Word, image: Reals, i: int) -> None:
    """One channel of a row: four neighbours by their weights."""
    for j in range(len(corner)):
        above, w, n = corner[j], right[j], down[j]
        below = Word(above + stride)
        upper = planes[c, above] * (ONE - w) + planes[c, Word(above + NEXT)] * w
        lower = planes[c, below] * (ONE - w) + planes[c, Word(below + NEXT)] * w
        image[c, i, j] = upper * (ONE - n) + lower * n
