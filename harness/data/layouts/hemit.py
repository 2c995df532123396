"""A twin of the HEMIT sample: H&E as JPEG, three markers as PNG, and the shares that its targets are rules on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from harness.data.datasets.hemit import SUFFIXES, TISSUES
from harness.data.layouts import Twin
from harness.data.layouts.making.paint import Image, Painter, Patch, save
from harness.data.layouts.making.tables import write_table

GROUNDS = {
    "background": (225, 200, 220),
    "epithelium": (185, 130, 185),
    "lymphoid": (160, 140, 200),
    "stroma": (225, 165, 200),
}
RANGES = {
    "background": {"white": (0.55, 0.95), "panck": (0.0, 0.5), "cd3": (0.0, 0.02), "cd20": (0.0, 0.01)},
    "epithelium": {"white": (0.0, 0.3), "panck": (0.4, 0.9), "cd3": (0.0, 0.12), "cd20": (0.0, 0.05)},
    "lymphoid": {"white": (0.0, 0.3), "panck": (0.0, 0.3), "cd3": (0.06, 0.4), "cd20": (0.0, 0.1)},
    "stroma": {"white": (0.0, 0.3), "panck": (0.0, 0.3), "cd3": (0.0, 0.025), "cd20": (0.0, 0.02)},
}
"""From and to of each share of positive pixels, by tissue, so that the rule on the shares gives the tissue."""
WEIGHTS = {"background": (9, 1, 1, 1), "epithelium": (4, 10, 1, 1), "lymphoid": (3, 1, 10, 1), "stroma": (8, 1, 1, 6)}
DIM, BRIGHT, PAPER = 15, 150, 243
"""Of a marker's negative and positive pixels, and of glass without tissue."""


class HemitTwin(Twin, name="hemit"):
    """A twin of the HEMIT sample; its tissues go round, its regions too, and the last quarter of the regions test.

    Attributes:
        regions: Number of regions.
    """

    patches: int = Field(default=120, ge=2)
    regions: int = Field(default=12, ge=2)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.patches < self.regions:
            raise ValueError(f"patches {self.patches} are too few for {self.regions} regions: one each is needed")
        return self

    def fill(self, folder: Path) -> None:
        """See `Twin.fill`."""
        painter = Painter(self.seed, self.size)
        for side in SUFFIXES:
            (folder / side).mkdir()
        write_table(folder / "patches.csv", [self._made(painter, number, folder) for number in range(self.patches)])

    def _made(self, painter: Painter, number: int, folder: Path) -> dict[str, str]:
        """Write the four images of a patch; its row of the table."""
        place, region = divmod(number, self.regions)
        tissue = TISSUES[(place + region) % len(TISSUES)]
        patch = painter.patch(number, WEIGHTS[tissue])
        shares = {name: round(float(patch.rng.uniform(*ends)), 4) for name, ends in RANGES[tissue].items()}
        shares["dapi"] = round(float((patch.mask > 0).mean()), 4)
        name = f"r{10000 + region}_{40000 + region}_{place + 1:02d}"
        for side, image in _images(patch, tissue, shares).items():
            save(image, folder / side / f"{name}{SUFFIXES[side]}")
        tested = region >= self.regions - max(1, self.regions // 4)
        row = {"name": name, "region": name[:-3], "split": "test" if tested else "train", "tissue": tissue}
        return row | {f"frac_{key}": str(shares[key]) for key in ("panck", "cd3", "cd20", "dapi", "white")}


def _images(patch: Patch, tissue: str, shares: Mapping[str, float]) -> dict[str, Image]:
    """The four images; what is positive lies in blobs of the share that is asked for."""
    he = patch.he(GROUNDS[tissue])
    he[patch.rank < 256 * shares["white"]] = PAPER
    markers = {side: np.where(patch.rank[::-1] < 256 * shares[side], BRIGHT, DIM) for side in ("panck", "cd3")}
    markers["dapi"] = np.where(patch.mask > 0, BRIGHT, DIM)
    noisy = {side: np.clip(image + patch.grain // 2, 0, 255).astype(np.uint8) for side, image in markers.items()}
    return {"he": he, **noisy}
