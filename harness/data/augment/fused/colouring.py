"""Solarize and the colour jitter; contrast needs the mean of the image, so it is a second pass over it."""

from __future__ import annotations

from harness.data.augment.fused.compiled import SUMMED, compiled
from harness.data.augment.fused.numbers import FOUR, ONE, SIX, THREE, TWO, ZERO, Real, Reals, cut
from harness.data.augment.ops.colour import GREY

RED, GREEN, BLUE = (Real(part) for part in GREY)
TINY = Real(1e-30)
RUN = 256
"""Values that are added up in float32 before they go into the whole sum."""


@compiled()
def solarize(values: Reals, threshold: Real) -> None:
    """1 - x at or above the threshold."""
    for j in range(len(values)):
        values[j] = ONE - values[j] if values[j] >= threshold else values[j]


@compiled()
def jitter(planes: Reals, factors: Reals) -> None:
    """Brightness, contrast, saturation and hue."""
    if len(planes) == 1:
        contrast(planes[0], brighten(planes[0], factors[0]), factors[1])
        return
    red, green, blue = planes[0], planes[1], planes[2]
    grey = brighten(red, factors[0]) * RED + brighten(green, factors[0]) * GREEN + brighten(blue, factors[0]) * BLUE
    colour(red, green, blue, grey, factors[1], factors[2], factors[3])


@compiled(SUMMED)
def brighten(plane: Reals, factor: Real) -> Real:
    """Brightness on one channel; its mean."""
    total = 0.0
    for start in range(0, len(plane), RUN):
        part = ZERO
        for j in range(start, min(start + RUN, len(plane))):
            plane[j] = min(plane[j] * factor, ONE)
            part += plane[j]
        total += float(part)
    return Real(total / len(plane))


@compiled()
def contrast(plane: Reals, mean: Real, factor: Real) -> None:
    """Contrast of the only channel."""
    offset = mean * (ONE - factor)
    for j in range(len(plane)):
        plane[j] = cut(plane[j] * factor + offset)


@compiled()
def colour(red: Reals, green: Reals, blue: Reals, mean: Real, contrast: Real, saturation: Real, turn: Real) -> None:
    """Contrast, saturation and hue of three channels."""
    offset, rest = mean * (ONE - contrast), ONE - saturation
    for j in range(len(red)):
        r, g, b = cut(red[j] * contrast + offset), cut(green[j] * contrast + offset), cut(blue[j] * contrast + offset)
        grey = (r * RED + g * GREEN + b * BLUE) * rest
        r, g, b = cut(r * saturation + grey), cut(g * saturation + grey), cut(b * saturation + grey)
        upper, lower = max(g, b), min(g, b)
        smallest = min(r, lower)
        chroma = max(r, upper) - smallest
        hue = (upper - r + max(lower - r, ZERO)) / max(chroma, TINY) + ONE
        hue = (hue if g >= b else -hue) + turn
        hue = hue + SIX if hue < ZERO else hue
        red[j] = smallest + chroma * cut(abs(hue - THREE) - ONE)
        green[j] = smallest + chroma * cut(TWO - abs(hue - TWO))
        blue[j] = smallest + chroma * cut(TWO - abs(hue - FOUR))
