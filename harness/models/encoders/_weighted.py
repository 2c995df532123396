"""What encoders share that can begin with weights from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from harness.config.base import Placement
from harness.models.encoders import Encoder

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule


class Weighted(Encoder):
    """An encoder that is untrained, or has the weights of a file.

    Attributes:
        weights: A safetensors file, or a state dict that torch loads without unpickling code.
        weights_digest: The SHA-256 of that file. It, not the path, is part of a run's identity.
    """

    weights: Annotated[str | None, Placement()] = None
    weights_digest: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _weights_and_digest(self) -> Self:
        if (self.weights is None) != (self.weights_digest is None):
            raise ValueError(
                "weights and weights_digest go together: a path alone does not say which weights a run has "
                "(sha256sum FILE prints the digest)"
            )
        return self

    def filled(self, encoder: EncoderModule) -> EncoderModule:
        """The encoder with the file's weights, where there is one.

        Raises:
            DataError: The weights are missing, other than promised, or do not fit.
        """
        from harness.models.nets.weights import load_weights

        if self.weights is not None and self.weights_digest is not None:
            load_weights(encoder, Path(self.weights), self.weights_digest)
        return encoder
