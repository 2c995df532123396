"""Fluorescence images: light from the marked nuclei, and a little from everything else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic import fields
from harness.data.synthetic.spec import FIELD
from harness.data.synthetic.tissue import Tissue

SPECKS = 0.8
"""Mean number of stray specks of dye in a patch."""

PHOTONS = 220.0
"""Counted at full scale: shot noise is their square root."""


def fluoresce(rng: np.random.Generator, tissue: Tissue) -> NDArray[np.uint8]:
    """Photograph the marker.

    Args:
        rng: Of this one image.
        tissue: What is looked at.

    Returns:
        (size, size) image, bright where the protein is.
    """
    side = len(tissue.marked)
    gain, haze = rng.lognormal(-0.55, 0.15), rng.uniform(0.03, 0.08)
    patchy = np.maximum(1.0 + 0.2 * fields.noise(rng, side, 1.5), 0.0)
    own = haze * (1.0 + 0.25 * tissue.fibres + 0.3 * fields.noise(rng, side, 8.0))
    light = gain * (tissue.marked * patchy + _specks(rng, side)) + np.maximum(own, 0.0)
    seen = fields.shrunk(fields.blur(light.astype(np.float32), rng.uniform(0.6, 1.0)))
    counted = rng.poisson(np.clip(seen, 0.0, None) * PHOTONS) / PHOTONS + rng.normal(0.0, 0.008, seen.shape)
    return np.rint(np.clip(counted, 0.0, 1.0) * 255.0).astype(np.uint8)


def _specks(rng: np.random.Generator, side: int) -> fields.Field:
    """Small bright dots that are no nucleus."""
    field = np.zeros((side, side), np.float32)
    for _ in range(rng.poisson(SPECKS)):
        x, y = rng.uniform(0.0, FIELD, 2)
        field = np.maximum(field, fields.disc(side, (x, y), rng.uniform(0.6, 1.1)))
    return field
