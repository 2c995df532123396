"""Frozen weights from a file as features: the reference row of somebody else's encoder through our probe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.config.base import Config
from harness.config.plain import identity, to_plain
from harness.data.augment import Augmentation
from harness.errors import ConfigError
from harness.grid.work import Work
from harness.models.encoders import Encoder
from jobs.data import in_features
from jobs.features import Features, Floats, Source, Varied

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule
    from jobs.run.represent import Standardise

Triple = tuple[float, float, float]
Scale = Annotated[float, Field(gt=0)]


class Statistics(Config):
    """The mean and standard deviation of each channel, on a scale of 0..1."""

    mean: Triple
    std: tuple[Scale, Scale, Scale]


IMAGENET = Statistics(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


class Pretrained(Features, name="pretrained"):
    """An encoder with the weights of a file, in inference mode.

    Weights fit the scale of input that they were trained on and no other. Nearly all of
    timm's, those for histology among them, were trained on inputs standardised by the
    statistics of ImageNet, so that is the default here, though a run of our own
    standardises by its data set. The weights of the paper's authors take `raw`.

    Attributes:
        encoder: The architecture with `weights` and `weights_digest`.
        normalise: `imagenet`; `dataset` for the statistics of the view over the training
            split; `none` for inputs on a scale of 0..1; `raw` for one of 0..255; or a mean
            and a deviation for each channel.
    """

    augmentable: ClassVar[bool] = True

    encoder: Encoder
    normalise: Literal["imagenet", "dataset", "none", "raw"] | Statistics = "imagenet"

    @model_validator(mode="after")
    def _with_weights(self) -> Self:
        if getattr(self.encoder, "weights", None) is None:
            able = [name for name, kind in Encoder.catalogue().items() if "weights" in kind.model_fields]
            raise ConfigError(
                f"the encoder {self.encoder.name!r} of pretrained features has no weights",
                where="features.encoder.weights",
                legal=f"an encoder of {', '.join(able)} with weights and weights_digest",
                mend="name the file of the weights, or take the features random_encoder",
            )
        return self

    def facts(self, work: Work) -> Mapping[str, Any]:
        """Which weights they are, and how their inputs are standardised."""
        return {"weights": self._digest(), "normalise": to_plain(self.normalise)}

    def extract(self, source: Source, rows: NDArray[np.int64]) -> Floats:
        """See `Features.extract`."""
        from jobs.run.represent import plain_inputs, represent

        encoder, standardise = self._frozen(source)
        return represent(encoder, plain_inputs(source.packed, source.view, rows, standardise, source.work.world.device))

    def basis(self, source: Source) -> Mapping[str, Any]:
        """See `Features.basis`; the weights are known by their digest, which is verified when they are read."""
        mean, std = self._statistics(source)
        own = {"features": [self.name, self.revision], "encoder": identity(self.encoder)}
        return {**own, "statistics": [list(mean), list(std)]}

    def varied(self, source: Source, augmentation: Augmentation) -> Varied:
        """See `Features.varied`; no run trained the encoder, so the draws are those of the probe's own seed."""
        from jobs.run.represent import AugmentedFeatures, Viewed

        encoder, standardise = self._frozen(source)
        viewed = Viewed(source.packed, source.view, source.work.world.device)
        return AugmentedFeatures(encoder, viewed, augmentation.build(source.seed), standardise, 0)

    def _frozen(self, source: Source) -> tuple[EncoderModule, Standardise]:
        """The encoder in inference mode, and how its inputs are standardised."""
        from jobs.run.represent import Standardise

        device = source.work.world.device
        encoder = self.encoder.build(in_features(source.packed, source.view))
        return encoder.to(device).eval(), Standardise(*self._statistics(source), device)

    def _statistics(self, source: Source) -> tuple[list[float], list[float]]:
        from jobs.run.statistics import scaling

        given = IMAGENET if self.normalise == "imagenet" else self.normalise
        if isinstance(given, Statistics):
            return list(given.mean), list(given.std)
        mean, std = scaling(source.packed, source.view, given)
        return mean.tolist(), std.tolist()

    def _digest(self) -> str:
        return str(getattr(self.encoder, "weights_digest", ""))
