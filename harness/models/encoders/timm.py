"""Any encoder of timm's, untrained or with weights that the user has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from harness.config.base import Placement
from harness.models.catalogue import KNOWN
from harness.models.encoders import Encoder

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule


class Timm(Encoder, name="timm"):
    """A model of timm's with its classifier taken off.

    Attributes:
        model: Its name. One that is not in our catalogue is looked up when it is built.
        weights: A safetensors file, or a state dict that torch loads without unpickling code.
        weights_digest: The SHA-256 of that file. It, not the path, is part of a run's identity.
        zero_init_last: Whether the last norm of a residual block begins at zero, where the
            model has such a setting (timm and the official VICReg do, torchvision does not).
            A random encoder that is probed as a floor needs it off.
    """

    model: str = Field(min_length=1)
    weights: Annotated[str | None, Placement()] = None
    weights_digest: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    zero_init_last: bool = True

    @model_validator(mode="after")
    def _weights_and_digest(self) -> Self:
        if (self.weights is None) != (self.weights_digest is None):
            raise ValueError(
                "weights and weights_digest go together: a path alone does not say which weights a run has "
                "(sha256sum FILE prints the digest)"
            )
        return self

    def build(self, in_features: int) -> EncoderModule:
        """See `Encoder.build`.

        Raises:
            ConfigError: timm has no such model.
            DataError: The weights are missing, other than promised, or do not fit.
        """
        from harness.models.nets.timm import build_timm
        from harness.models.nets.weights import load_weights

        encoder = build_timm(self.model, in_features, self.zero_init_last)
        if self.weights is not None and self.weights_digest is not None:
            load_weights(encoder, Path(self.weights), self.weights_digest)
        return encoder

    def parameters(self, in_features: int = 3) -> int | None:
        """See `Encoder.parameters`; known for the catalogue's models on three channels."""
        known = KNOWN.get(self.model)
        return known.parameters if known and in_features == 3 else None

    def gflops(self, size: int, in_features: int = 3) -> float | None:
        """See `Encoder.gflops`; known for the catalogue's models on three channels."""
        known = KNOWN.get(self.model)
        return known.gflops_at(size) if known and in_features == 3 else None
