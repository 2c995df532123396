"""A piece of tissue before it is looked at: dyes, marked protein and nuclear types on one grid.

The images of a patch are all taken from one of these, so they show the same tissue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic import fields
from harness.data.synthetic.draw import Stamp, stamps
from harness.data.synthetic.fields import OVERSAMPLING, Field, shrunk
from harness.data.synthetic.layout import FIELD, Layout, Nuclei, layout
from harness.data.synthetic.spec import DEAD, EPITHELIAL, NEOPLASTIC

@dataclass(frozen=True)
class Texture:
    """How the stroma of a region looks.

    Attributes:
        angle: Direction of the fibres in radians.
        width: Between fibres, in um.
        strength: Contrast of the fibres.
        vacuoles: Mean number of vacuoles in a patch.
    """

    angle: float
    width: float
    strength: float
    vacuoles: float


@dataclass(frozen=True)
class Tissue:
    """Maps of (side, side), side = `OVERSAMPLING` x the patch's size.

    Attributes:
        haematoxylin: Optical density of the blue dye.
        eosin: Optical density of the pink dye.
        marked: The protein that the marker binds to, in neoplastic nuclei only.
        stroma: Fibres, of unit variance; they fluoresce by themselves.
        nuclei: What it holds.
        mask: (size, size) type ids of the nuclei.
    """

    haematoxylin: Field
    eosin: Field
    marked: Field
    stroma: Field
    nuclei: Nuclei
    mask: NDArray[np.uint8]


def texture(rng: np.random.Generator) -> Texture:
    """Draw a region's stroma."""
    return Texture(rng.uniform(0, np.pi), rng.uniform(1.2, 2.6), rng.uniform(0.10, 0.30), rng.choice([0.0, 0.6, 2.5]))


def grow(rng: np.random.Generator, kind: int, region: Texture, size: int) -> Tissue:
    """Make the tissue of a patch.

    Args:
        rng: The patch's own stream.
        kind: Index into `TISSUES`.
        region: The stroma of its region.
        size: Of the patch, in px.
    """
    angle = region.angle + rng.normal(0.0, 0.5)
    plan = layout(rng, kind, angle)
    side = OVERSAMPLING * size
    drawn = stamps(rng, plan.nuclei, side)
    fibres = fields.strands(rng, side, angle, region.width * rng.lognormal(0.0, 0.2), rng.uniform(0.5, 3.0))
    open_ = _openings(rng, plan, region.vacuoles, side)
    haematoxylin, marked = _nuclear(rng, plan.nuclei, drawn, side)
    eosin = _eosin(rng, plan.nuclei, fibres, region.strength * rng.lognormal(0.0, 0.3), side) * (1.0 - open_)
    nuclear = _union(drawn, side)
    diffuse = 0.10 + 0.05 * fields.noise(rng, side, 5.0) + 0.10 * _cytoplasm(plan.nuclei, side)
    haematoxylin = haematoxylin + np.maximum(diffuse, 0.0) * (1.0 - open_) * (1.0 - nuclear)
    return Tissue(haematoxylin, eosin * (1.0 - 0.55 * nuclear), marked, fibres, plan.nuclei, _mask(plan.nuclei, drawn, size))


def _nuclear(rng: np.random.Generator, nuclei: Nuclei, drawn: list[Stamp], side: int) -> tuple[Field, Field]:
    """Haematoxylin in nuclei, and the marked protein, which varies from nucleus to nucleus."""
    blue, marked = np.zeros((2, side, side), np.float32)
    expressed = rng.lognormal(0.0, 0.2, len(drawn)) * (nuclei.kind == NEOPLASTIC)
    for stamp, amount in zip(drawn, expressed, strict=True):
        blue[stamp.window] = np.maximum(blue[stamp.window], stamp.cover * stamp.density)
        marked[stamp.window] = np.maximum(marked[stamp.window], stamp.cover * np.float32(amount))
    return blue, marked


def _union(drawn: list[Stamp], side: int) -> Field:
    cover = np.zeros((side, side), np.float32)
    for stamp in drawn:
        cover[stamp.window] = np.maximum(cover[stamp.window], stamp.cover)
    return cover


def _eosin(rng: np.random.Generator, nuclei: Nuclei, fibres: Field, strength: float, side: int) -> Field:
    """Fibres, mottling, cytoplasm and the deep pink rest of dead cells."""
    pink = 0.42 + strength * fibres + 0.07 * fields.noise(rng, side, 6.0) + 0.03 * fields.noise(rng, side, 0.8)
    pink = pink + 0.12 * _cytoplasm(nuclei, side)
    for centre in nuclei.centre[nuclei.kind == DEAD]:
        pink = pink + 0.45 * fields.disc(side, tuple(centre), 3.4, edge=1.5)
    return np.maximum(pink, 0.02)


def _cytoplasm(nuclei: Nuclei, side: int) -> Field:
    """Where epithelial cells lie, 0 to 1, the same for both kinds."""
    scale = side / FIELD
    field = np.zeros((side, side), np.float32)
    x, y = (nuclei.centre[np.isin(nuclei.kind, (NEOPLASTIC, EPITHELIAL))] * scale).astype(int).T
    np.add.at(field, (y, x), 1.0)
    return np.minimum(fields.blur(field, 3.5) * np.float32(60.0 * scale**2), 1.0)


def _openings(rng: np.random.Generator, plan: Layout, vacuoles: float, side: int) -> Field:
    """Empty glass, 0 to 1: a gland's lumen and vacuoles."""
    field = np.zeros((side, side), np.float32)
    if plan.lumen is not None:
        field = fields.disc(side, plan.lumen[:2], plan.lumen[2], edge=2.0) * np.float32(0.9)
    for _ in range(rng.poisson(vacuoles)):
        x, y = rng.uniform(0.0, FIELD, 2)
        field = np.maximum(field, fields.disc(side, (x, y), rng.uniform(1.5, 5.0)))
    return field


def _mask(nuclei: Nuclei, drawn: list[Stamp], size: int) -> NDArray[np.uint8]:
    """Type ids at the patch's own size: a pixel belongs to the nucleus that covers it most, from a half up."""
    types, best = np.zeros((size, size), np.uint8), np.full((size, size), 0.5, np.float32)
    for stamp, kind in zip(drawn, nuclei.kind, strict=True):
        window = tuple(slice(part.start // OVERSAMPLING, part.stop // OVERSAMPLING) for part in stamp.window)
        share = shrunk(stamp.cover)
        here = share >= best[window]
        types[window][here], best[window][here] = kind, share[here]
    return types
