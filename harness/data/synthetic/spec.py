"""What a sample set is asked to be, and the names that stand in it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from harness.config.base import Config

REVISION = 1
"""Raised when the generator's output changes for the same spec; results made on an older set stay apart."""

NUCLEI = ("Background", "Neoplastic", "Inflammatory", "Connective", "Dead", "Non-Neoplastic Epithelial")
"""Nuclear types by their id in a mask, as HoVer-Net's PanNuke model numbers them."""

BACKGROUND, NEOPLASTIC, INFLAMMATORY, CONNECTIVE, DEAD, EPITHELIAL = range(6)

TISSUES = ("normal", "mixed", "tumour")
"""The latent class of a patch: how many of its epithelial nuclei are neoplastic."""


FIELD = 48.0
"""Side of the field of view in um, whatever the size of the patch in px."""


class SampleSpec(Config):
    """The sample set to make.

    A patch depends on `seed`, `size`, its region and its place in the region, so a
    set of fewer patches is the beginning of a larger one.

    Attributes:
        patches: Number of patches, at least three a region, so that each region holds every tissue.
        regions: Number of regions; one region is on one side of the split.
        size: Side of a patch in px. The field of view is the same at every size.
        seed: Of everything that is drawn.
        test_share: The share of regions that the test split gets.
    """

    patches: int = Field(default=900, ge=6)
    regions: int = Field(default=30, ge=2)
    size: int = Field(default=48, ge=32, le=256)
    seed: int = Field(default=0, ge=0, lt=2**32)
    test_share: float = Field(default=1 / 3, gt=0.0, lt=1.0)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        least = len(TISSUES) * self.regions
        if self.patches < least:
            raise ValueError(
                f"patches {self.patches} are too few for {self.regions} regions: at least {least} are needed"
            )
        return self
