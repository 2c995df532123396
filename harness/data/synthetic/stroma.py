"""What lies between the nuclei: fibres, cytoplasm, dead cells' remains, and empty glass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.data.synthetic import fields
from harness.data.synthetic.fields import Field
from harness.data.synthetic.layout import Layout, Nuclei
from harness.data.synthetic.spec import DEAD, EPITHELIAL, FIELD, NEOPLASTIC

VACUOLES = (0.0, 0.6, 2.5)
"""Mean numbers of vacuoles in a patch, one of which a region has."""


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


def texture(rng: np.random.Generator) -> Texture:
    """Draw a region's stroma."""
    angle, width, strength = rng.uniform(0.0, np.pi), rng.uniform(1.2, 2.6), rng.uniform(0.10, 0.28)
    return Texture(angle, width, strength, VACUOLES[rng.integers(len(VACUOLES))])


def eosin(rng: np.random.Generator, nuclei: Nuclei, fibres: Field, strength: float, cytoplasm: Field) -> Field:
    """Fibres, mottling, cytoplasm and the deep pink rest of dead cells, as an optical density."""
    side = len(fibres)
    pink = 0.42 + strength * fibres + 0.07 * fields.noise(rng, side, 6.0) + 0.03 * fields.noise(rng, side, 0.8)
    pink += 0.12 * cytoplasm
    for x, y in nuclei.centre[nuclei.kind == DEAD]:
        pink += 0.45 * fields.disc(side, (x, y), 3.4, edge=1.5)
    found: Field = np.maximum(pink, 0.02)
    return found


def cytoplasm(nuclei: Nuclei, side: int) -> Field:
    """Where epithelial cells lie, 0 to 1, the same for both kinds; (side, side)."""
    scale = side / FIELD
    cells = np.zeros((side, side), np.float32)
    x, y = (nuclei.centre[np.isin(nuclei.kind, (NEOPLASTIC, EPITHELIAL))] * scale).astype(int).T
    np.add.at(cells, (y, x), 1.0)
    found: Field = np.clip(fields.blur(cells, 3.5) * np.float32(60.0 * scale**2), 0.0, 1.0)
    return found


def openings(rng: np.random.Generator, plan: Layout, vacuoles: float, side: int) -> Field:
    """Empty glass, 0 to 1: a gland's lumen and vacuoles; (side, side)."""
    empty = np.zeros((side, side), np.float32)
    if plan.lumen is not None:
        x, y, radius = plan.lumen
        empty = fields.disc(side, (x, y), radius, edge=2.0) * np.float32(0.9)
    for _ in range(rng.poisson(vacuoles)):
        x, y = rng.uniform(0.0, FIELD, 2)
        empty = np.maximum(empty, fields.disc(side, (x, y), rng.uniform(1.5, 5.0)))
    return empty
