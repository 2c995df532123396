"""One patch: its tissue, the four images of it, and its labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic import he
from harness.data.synthetic.marker import fluoresce
from harness.data.synthetic.rows import Row
from harness.data.synthetic.spec import SampleSpec
from harness.data.synthetic.streams import Purpose, stream
from harness.data.synthetic.stroma import Texture, texture
from harness.data.synthetic.tissue import grow


@dataclass(frozen=True)
class Patch:
    """The images of one patch, and what is known of it.

    Attributes:
        images: (size, size, 3) `he` and `rescan`, (size, size) `marker` and `mask`, all uint8.
        cell: The most common type of nucleus, 0 to 5.
        counts: Nuclei of each type, (6,).
    """

    images: dict[str, NDArray[np.uint8]]
    cell: int
    counts: tuple[int, ...]


def make_patch(spec: SampleSpec, row: Row) -> Patch:
    """Make one patch; it depends on the spec's seed and size, the region and the place in it."""
    stroma, stain = _region(spec.seed, row.region)
    tissue = grow(_own(spec, Purpose.TISSUE, row), row.tissue, stroma, spec.size)
    images = {
        "he": he.photograph(_own(spec, Purpose.HE, row), tissue, stain),
        "marker": fluoresce(_own(spec, Purpose.MARKER, row), tissue),
        "rescan": he.photograph(_own(spec, Purpose.RESCAN, row), tissue, stain),
        "mask": tissue.mask,
    }
    return Patch(images, tissue.nuclei.most_common(), tuple(np.bincount(tissue.nuclei.kind, minlength=6).tolist()))


def _region(seed: int, region: int) -> tuple[Texture, he.Stain]:
    rng = stream(seed, Purpose.REGION, region)
    return texture(rng), he.stain(rng)


def _own(spec: SampleSpec, purpose: Purpose, row: Row) -> np.random.Generator:
    return stream(spec.seed, purpose, row.region, row.place)
