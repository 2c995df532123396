"""The floor of an encoder that nobody trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from harness.config.plain import identity
from harness.models.encoders import Encoder
from jobs.data import in_features
from jobs.features import Features, Floats, Source


class RandomEncoder(Features, name="random_encoder"):
    """An untrained encoder, given every chance that costs no training.

    No norm begins at zero, batch-norm statistics are estimated on the training set, and
    the features are standardised; done otherwise the accuracy moves by 12 points.

    Attributes:
        encoder: Its architecture; `zero_init_last` is switched off where it has it.
    """

    encoder: Encoder

    @model_validator(mode="before")
    @classmethod
    def _nothing_at_zero(cls, settings: Any) -> Any:
        if isinstance(settings, dict) and isinstance(settings.get("encoder"), str):
            settings = {**settings, "encoder": Encoder.from_text(settings["encoder"])}
        encoder = settings.get("encoder") if isinstance(settings, dict) else None
        if isinstance(encoder, dict) and encoder.get("name") == "timm":
            return {**settings, "encoder": {**encoder, "zero_init_last": False}}
        return settings

    def basis(self, source: Source) -> Mapping[str, Any]:
        """See `Features.basis`; the norms and the scale are those of the training rows."""
        from jobs.run.kept import hash_of

        own = {"features": [self.name, self.revision], "encoder": identity(self.encoder)}
        return {**own, "seed": source.seed, "train_rows": hash_of(source.train_rows)}

    def extract(self, source: Source, rows: NDArray[np.int64]) -> Floats:
        """See `Features.extract`."""
        from jobs.run.represent import Standardise, plain_inputs, represent
        from jobs.run.statistics import view_statistics
        from jobs.run.untrained import untrained

        packed, view, device = source.packed, source.view, source.work.world.device
        standardise = Standardise(*view_statistics(packed, view), device)
        seen = plain_inputs(packed, view, source.train_rows, standardise, device)
        encoder = untrained(self.encoder, source.seed, in_features(packed, view), seen, device)
        train = represent(encoder, plain_inputs(packed, view, source.train_rows, standardise, device))
        found = represent(encoder, plain_inputs(packed, view, rows, standardise, device))
        scaled: Floats = ((found - train.mean(axis=0)) / np.maximum(train.std(axis=0), 1e-6)).astype(np.float32)
        return scaled
