"""A piece of tissue before it is looked at: dyes, marked protein and nuclear types on one grid.

The images of a patch are all taken from one of these, so they show the same tissue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic import fields, stroma
from harness.data.synthetic.draw import Stamp, stamps
from harness.data.synthetic.fields import OVERSAMPLING, Field
from harness.data.synthetic.layout import Nuclei, layout
from harness.data.synthetic.spec import NEOPLASTIC


@dataclass(frozen=True)
class Tissue:
    """Maps of (side, side), side = `OVERSAMPLING` x the patch's size.

    Attributes:
        haematoxylin: Optical density of the blue dye.
        eosin: Optical density of the pink dye.
        marked: The protein that the marker binds to, in neoplastic nuclei only.
        fibres: Of unit variance; they fluoresce by themselves.
        nuclei: What it holds.
        mask: (size, size) type ids of the nuclei.
    """

    haematoxylin: Field
    eosin: Field
    marked: Field
    fibres: Field
    nuclei: Nuclei
    mask: NDArray[np.uint8]


def grow(rng: np.random.Generator, kind: int, region: stroma.Texture, size: int) -> Tissue:
    """Make the tissue of a patch.

    Args:
        rng: The patch's own stream.
        kind: Index into `TISSUES`.
        region: The stroma of its region.
        size: Of the patch, in px.

    Returns:
        The tissue, on a grid finer than the patch.
    """
    side, angle = OVERSAMPLING * size, region.angle + rng.normal(0.0, 0.5)
    plan = layout(rng, kind, angle)
    nuclei = plan.nuclei
    drawn = stamps(rng, nuclei, side)
    inside, blue, marked = _nuclear(rng, nuclei, drawn, side)
    fibres = fields.strands(rng, side, angle, region.width * rng.lognormal(0.0, 0.2), rng.uniform(0.5, 3.0))
    filled = 1.0 - stroma.openings(rng, plan, region.vacuoles, side)
    cells = stroma.cytoplasm(nuclei, side)
    pink = stroma.eosin(rng, nuclei, fibres, region.strength * rng.lognormal(0.0, 0.3), cells)
    diffuse = np.maximum(0.10 + 0.05 * fields.noise(rng, side, 5.0) + 0.10 * cells, 0.0)
    haematoxylin, eosin = blue + diffuse * filled * (1.0 - inside), pink * filled * (1.0 - 0.55 * inside)
    return Tissue(haematoxylin, eosin, marked, fibres, nuclei, _mask(nuclei, drawn, size))


def _nuclear(rng: np.random.Generator, nuclei: Nuclei, drawn: list[Stamp], side: int) -> tuple[Field, Field, Field]:
    """What nuclei cover, their haematoxylin, and the marked protein, which varies from nucleus to nucleus."""
    inside, blue, marked = np.zeros((3, side, side), np.float32)
    expressed = rng.lognormal(0.0, 0.2, len(drawn)) * (nuclei.kind == NEOPLASTIC)
    for stamp, amount in zip(drawn, expressed, strict=True):
        inside[stamp.window] = np.maximum(inside[stamp.window], stamp.cover)
        blue[stamp.window] = np.maximum(blue[stamp.window], stamp.cover * stamp.density)
        marked[stamp.window] = np.maximum(marked[stamp.window], stamp.cover * np.float32(amount))
    return inside, blue, marked


def _mask(nuclei: Nuclei, drawn: list[Stamp], size: int) -> NDArray[np.uint8]:
    """Type ids at the patch's own size: a pixel belongs to the nucleus that covers it most, from a half up."""
    types, best = np.zeros((size, size), np.uint8), np.full((size, size), 0.5, np.float32)
    for stamp, kind in zip(drawn, nuclei.kind, strict=True):
        window = tuple(slice(part.start // OVERSAMPLING, part.stop // OVERSAMPLING) for part in stamp.window)
        share = fields.shrunk(stamp.cover)
        here = share >= best[window]
        types[window][here], best[window][here] = kind, share[here]
    return types
