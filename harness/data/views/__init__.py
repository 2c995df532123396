"""Views: what a branch sees of a sample before augmentation, one kind a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.config.family import Family

if TYPE_CHECKING:
    from torch import Tensor


class View(Family, package="harness.data.views"):
    """A deterministic way to make a branch's input from one modality of a sample.

    In a configuration file a bare name is a modality, seen as it is.

    Attributes:
        modality: The modality of the data set that is looked at.
    """

    modality: str

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """A modality's name stands for its identity view."""
        return {"name": "identity", "modality": text}

    def build(self) -> Callable[[Tensor], Tensor]:
        """The view as a function of a batch.

        Returns:
            A function from uint8 images (B, H, W, 1 or 3) to uint8 images (B, H, W, 3),
            or from float32 vectors (B, D) to vectors, on their device.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is built")
