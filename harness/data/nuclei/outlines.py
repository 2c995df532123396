"""From outlines of nuclei to a mask of types and a count of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from harness.data.nuclei import TYPES
from harness.data.nuclei.folder import COUNTED, PatchNuclei


@dataclass(frozen=True, eq=False)
class Nucleus:
    """A nucleus as a segmentation found it.

    Attributes:
        type: Its type number; 0 where the tool gave it none.
        outline: Corners (x, y) in px of the image that the tool saw, (P, 2).
    """

    type: int
    outline: NDArray[np.float64]


def patch_of(name: str, nuclei: Sequence[Nucleus], side: int, scale: float) -> PatchNuclei:
    """The mask of a patch and its counts.

    Outlines are filled at the size that the tool saw, later ones over earlier ones, and
    each pixel of the patch then takes the type nearest to its centre: types have no mean.
    Nuclei without a type are background.

    Args:
        name: The patch's id.
        nuclei: What the tool found in it.
        side: Of the patch in px.
        scale: The side that the tool saw over the patch's.
    """
    seen = Image.new("L", (round(side * scale),) * 2, 0)
    draw = ImageDraw.Draw(seen)
    for nucleus in nuclei:
        draw.polygon([(round(x), round(y)) for x, y in nucleus.outline.tolist()], fill=nucleus.type)
    places = ((np.arange(side) + 0.5) * seen.width / side).astype(np.int64)
    mask = np.asarray(seen)[places[:, None], places[None, :]]
    counts = np.bincount([nucleus.type for nucleus in nuclei], minlength=len(TYPES))[1:]
    assert counts.shape == (len(COUNTED),)
    return PatchNuclei(name, np.ascontiguousarray(mask), counts.astype(np.int64))
