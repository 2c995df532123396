"""An encoder of vectors, such as gene expression: dense layers with batch norm and ReLU."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from harness.models.encoders import Encoder

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule


class MLP(Encoder, name="mlp"):
    """Dense-BN-ReLU for each width.

    Attributes:
        widths: Features after each layer; the last one is the representation's length.
    """

    takes: ClassVar[Literal["image", "vector"]] = "vector"
    widths: tuple[Annotated[int, Field(gt=0)], ...] = Field(default=(512, 512), min_length=1)

    def build(self, in_features: int) -> EncoderModule:
        """See `Encoder.build`."""
        from harness.models.nets.dense import build_mlp

        return build_mlp(in_features, self.widths)

    def parameters(self, in_features: int = 3) -> int:
        """See `Encoder.parameters`."""
        return sum(before * after + 2 * after for before, after in pairwise((in_features, *self.widths)))

    def gflops(self, size: int, in_features: int = 3) -> float:
        """See `Encoder.gflops`; a vector has no size, so that is not used."""
        del size
        return sum(2 * before * after for before, after in pairwise((in_features, *self.widths))) / 1e9
