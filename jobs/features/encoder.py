"""Representations of an encoder that another run has trained, frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.config.plain import identity
from harness.config.read import read
from harness.data.augment import Augmentation
from harness.errors import StoreError
from harness.files import sha256_of
from harness.grid.stage import Stage
from harness.grid.work import Work
from harness.models.encoders import Encoder
from harness.tracking.result import Result
from jobs.data import in_features
from jobs.features import Features, Floats, Source, Varied
from jobs.training import Training

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule
    from jobs.run.represent import Standardise


class OfEncoder(Features, name="encoder"):
    """The encoder of one branch of a finished run, in inference mode.

    Attributes:
        run: The run's key, ``<stage>/<id>``.
        branch: Which of its branches.
    """

    augmentable: ClassVar[bool] = True

    run: str
    branch: int = Field(default=0, ge=0)

    def inputs(self) -> tuple[str, ...]:
        """The run that trained the encoder."""
        return (self.run,)

    def facts(self, work: Work) -> Mapping[str, Any]:
        """Whether the encoder trained, and which modalities the other branches saw."""
        facts = self._result(work).facts
        paired = [name for index, name in enumerate(facts["views"]) if index != self.branch]
        return {"trained": facts["trained"], "paired": paired}

    def extract(self, source: Source, rows: NDArray[np.int64]) -> Floats:
        """See `Features.extract`; patches are standardised as the encoder's branch was in training."""
        from jobs.run.represent import plain_inputs, represent

        encoder, standardise = self._restored(source)
        inputs = plain_inputs(source.packed, source.view, rows, standardise, source.work.world.device)
        return represent(encoder, inputs)

    def basis(self, source: Source) -> Mapping[str, Any]:
        """See `Features.basis`; the weights are known by the bytes of their file."""
        from harness.models.files import load_encoder

        _, settings, path = self._trained(source.work)
        statistics = json.loads(load_encoder(path)[1]["statistics"])[self.branch]
        own = {"features": [self.name, self.revision], "encoder": identity(settings), "statistics": statistics}
        return {**own, "weights": sha256_of(path)}

    def varied(self, source: Source, augmentation: Augmentation) -> Varied:
        """See `Features.varied`; the draws are those of the run that trained the encoder, for its branch.

        So they do not depend on the head, and heads of any seed can be trained on the same ones.
        """
        from jobs.run.represent import AugmentedFeatures, Viewed

        stage, *_ = self._trained(source.work)
        encoder, standardise = self._restored(source)
        viewed = Viewed(source.packed, source.view, source.work.world.device)
        return AugmentedFeatures(encoder, viewed, augmentation.build(stage.seed), standardise, self.branch)

    def drawn_by(self, seed: int) -> None:
        """See `Features.drawn_by`."""

    def _restored(self, source: Source) -> tuple[EncoderModule, Standardise]:
        """The encoder in inference mode, and how its inputs are standardised."""
        from harness.models.files import restore_encoder
        from jobs.run.represent import Standardise

        _, settings, path = self._trained(source.work)
        encoder = settings.build(in_features(source.packed, source.view))
        device = source.work.world.device
        mean, std = json.loads(restore_encoder(path, encoder)["statistics"])[self.branch]
        return encoder.to(device).eval(), Standardise(mean, std, device)

    def _trained(self, work: Work) -> tuple[Training, Encoder, Path]:
        """The stage that trained the encoder, the encoder's settings, and the file of its weights."""
        run = work.store.run(self.run)
        stage = read(Stage, run.record()["config"], self.run)
        assert isinstance(stage, Training), f"{self.run!r} trains no encoder"
        settings, name = stage.encoder_of(self.branch)
        return stage, settings, run.path / self._result(work).artifacts[name].path

    def _result(self, work: Work) -> Result:
        result = work.store.run(self.run).result()
        if result is None:
            raise StoreError(f"{self.run!r} has no result", mend="submit the grid that trains it")
        return result
