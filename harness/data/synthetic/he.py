"""Bright-field images: light through two dyes, after Beer and Lambert, onto a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic import fields
from harness.data.synthetic.spec import FIELD
from harness.data.synthetic.tissue import Tissue

HAEMATOXYLIN = np.array([0.65, 0.70, 0.29])
EOSIN = np.array([0.13, 0.92, 0.30])
"""Optical densities of each dye in red, green and blue: Ruifrok and Johnston 2001, the eosin a little less magenta."""


@dataclass(frozen=True)
class Stain:
    """What the laboratory does to one section.

    Attributes:
        blue: (3,) optical density of haematoxylin.
        pink: (3,) optical density of eosin.
        light: (3,) of empty glass, 0 to 1.
    """

    blue: NDArray[np.float64]
    pink: NDArray[np.float64]
    light: NDArray[np.float64]


def stain(rng: np.random.Generator) -> Stain:
    """Draw a region's stain: the hue and strength of each dye differ widely."""
    light = rng.uniform(0.90, 0.98) - rng.uniform(0.0, 0.04, 3)
    return Stain(_dye(rng, HAEMATOXYLIN, 0.05, 0.16), _dye(rng, EOSIN, 0.05, 0.22), light)


def section(rng: np.random.Generator, region: Stain) -> Stain:
    """The stain of one section of a region: near the region's own."""
    return Stain(_dye(rng, region.blue, 0.015, 0.08), _dye(rng, region.pink, 0.015, 0.10), region.light)


def photograph(rng: np.random.Generator, tissue: Tissue, region: Stain) -> NDArray[np.uint8]:
    """Stain the tissue and photograph it.

    Args:
        rng: Of this one image: stain, focus, lamp and sensor.
        tissue: What is looked at.
        region: The stain of its region.

    Returns:
        (size, size, 3) image.
    """
    dyes = section(rng, region)
    density = tissue.haematoxylin[None] * _column(dyes.blue) + tissue.eosin[None] * _column(dyes.pink)
    light = _column(dyes.light) * np.exp(-density)
    seen = fields.shrunk(fields.blur(light, _focus(rng))) * _lamp(rng, len(tissue.mask))
    grains = rng.standard_normal(seen.shape, dtype=np.float32) * np.float32(rng.uniform(0.008, 0.016))
    return np.rint(np.clip(seen + grains, 0.0, 1.0) * 255.0).astype(np.uint8).transpose(1, 2, 0)


def _dye(rng: np.random.Generator, colour: NDArray[np.float64], hue: float, strength: float) -> NDArray[np.float64]:
    """A dye near `colour`: each channel moved by `hue`, the whole multiplied, both standard deviations."""
    turned = np.maximum(colour + rng.normal(0.0, hue, 3), 0.01)
    return np.asarray(turned * rng.lognormal(0.0, strength))


def _column(colour: NDArray[np.float64]) -> NDArray[np.float32]:
    return colour.astype(np.float32)[:, None, None]


def _focus(rng: np.random.Generator) -> float:
    """Sigma in um: sharp for most, an eighth of the images is out of focus."""
    return float(rng.uniform(0.8, 1.2) if rng.random() < 0.125 else rng.uniform(0.3, 0.5))


def _lamp(rng: np.random.Generator, size: int) -> fields.Field:
    """Uneven light: a gentle slope in any direction."""
    x, y = fields.grid(size)
    right, down = rng.normal(0.0, 0.03, 2) / FIELD
    light: fields.Field = (1.0 + right * (x - FIELD / 2) + down * (y - FIELD / 2)).astype(np.float32)
    return light
