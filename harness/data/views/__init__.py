"""Views: what a branch sees of a sample before augmentation, one kind a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol

import numpy as np
import numpy.typing as npt

from harness.config.base import Since
from harness.config.family import Family
from harness.data.source import Partner, Source

if TYPE_CHECKING:
    from torch import Tensor


class Viewer(Protocol):
    """What a view builds: a function of a batch and of the keys of its samples."""

    def __call__(self, x: Tensor, keys: npt.NDArray[np.uint64]) -> Tensor:
        """The batch as a branch sees it.

        Args:
            x: uint8 images (B, H, W, 1 or 3), or float32 vectors (B, D); left as they are.
            keys: The key of each sample, (B,).

        Returns:
            uint8 images (B, H, W, 3) or vectors, on the device of `x`.

        Raises:
            DataError: `x` is neither, or not what the view is of.
        """


class View(Family, package="harness.data.views"):
    """A way to make a branch's input from one modality: the same bytes for a sample in every epoch and batch.

    In a configuration file a bare name is a modality, seen as it is, and `VIEW:MODALITY`
    a view with its defaults, as in `downsample:he`.

    Attributes:
        modality: The modality of the data set that is looked at.
        partner: Whose image is seen: the sample's own, or as a control that of another
            sample of its group or split (`harness.data.source`).
    """

    modality: str
    partner: Annotated[Partner, Since("self")] = "self"

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """A modality's name stands for its identity view; `VIEW:MODALITY` for that view of it."""
        name, colon, modality = text.partition(":")
        return {"name": name, "modality": modality} if colon else {"name": "identity", "modality": text}

    @property
    def source(self) -> Source:
        """What a loader must fetch for it."""
        return Source(self.modality, self.partner)

    @property
    def title(self) -> str:
        """How tables call it: the modality, what is done to it, and whose it is where it is not the sample's."""
        seen = " ".join(part for part in (self.manner(), self.modality) if part)
        return seen if self.partner == "self" else f"{seen} of another in the {self.partner}"

    def manner(self) -> str:
        """What is done to the modality, in words for a table; nothing for one that is seen as it is."""
        return self.name

    def build(self) -> Viewer:
        """The view as a function of a batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is built")
