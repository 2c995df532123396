"""Any encoder of timm's, untrained or with weights that the user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from harness.models.catalogue import KNOWN
from harness.models.encoders._weighted import Weighted

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule


class Timm(Weighted, name="timm"):
    """A model of timm's with its classifier taken off.

    Attributes:
        model: Its name. One that is not in our catalogue is looked up when it is built.
        zero_init_last: Whether the last norm of a residual block begins at zero, where the
            model has such a setting (timm and the official VICReg do, torchvision does not).
            A random encoder that is probed as a floor needs it off.
    """

    model: str = Field(min_length=1)
    zero_init_last: bool = True

    def build(self, in_features: int) -> EncoderModule:
        """See `Encoder.build`.

        Raises:
            ConfigError: timm has no such model.
            DataError: The weights are missing, other than promised, or do not fit.
        """
        from harness.models.nets.timm import build_timm

        return self.filled(build_timm(self.model, in_features, self.zero_init_last))

    def parameters(self, in_features: int = 3) -> int | None:
        """See `Encoder.parameters`; known for the catalogue's models on three channels."""
        known = KNOWN.get(self.model)
        return known.parameters if known and in_features == 3 else None

    def gflops(self, size: int, in_features: int = 3) -> float | None:
        """See `Encoder.gflops`; known for the catalogue's models on three channels."""
        known = KNOWN.get(self.model)
        return known.gflops_at(size) if known and in_features == 3 else None
