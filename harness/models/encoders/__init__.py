"""The family of encoders: what turns a batch of images or vectors into representations.

Short forms in a configuration: a member's name (``small_conv``), a model of our
catalogue (``resnet18``), or any model of timm's as ``timm:NAME``.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic_core import PydanticCustomError

from harness.config.family import Family
from harness.errors import did_you_mean
from harness.models.catalogue import KNOWN

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule

TIMM = "timm:"


class Encoder(Family, package="harness.models.encoders"):
    """An encoder's settings.

    Attributes:
        takes: The kind of modality that it can be given.
    """

    takes: ClassVar[Literal["image", "vector"]] = "image"

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """The settings that a short form stands for.

        Raises:
            PydanticCustomError: Neither a member nor in the catalogue nor marked as timm's.
        """
        if text.startswith(TIMM):
            return {"name": "timm", "model": text.removeprefix(TIMM)}
        if text in cls.catalogue():
            return {"name": text}
        if text in KNOWN:
            return {"name": "timm", "model": text}
        raise _unknown(text, [*(name for name in cls.catalogue() if name != "timm"), *KNOWN])

    @abstractmethod
    def build(self, in_features: int) -> EncoderModule:
        """The module, freshly initialised from the global random state.

        Args:
            in_features: Channels of an image, or length of a vector.
        """

    @abstractmethod
    def parameters(self, in_features: int = 3) -> int | None:
        """How many numbers are trained, without torch; None where that is not known."""

    @abstractmethod
    def gflops(self, size: int, in_features: int = 3) -> float | None:
        """The forward pass of one image of `size` px, in 1e9 operations, a multiply and an add being two."""


def _unknown(text: str, legal: list[str]) -> PydanticCustomError:
    mend = did_you_mean(text, legal) or f"write {TIMM + text!r} for a model of timm's that is not in the catalogue"
    context = {"name": text, "legal": f"{', '.join(legal)}, {TIMM}NAME", "mend": mend}
    return PydanticCustomError("unknown_component", "unknown encoder '{name}'", context)
