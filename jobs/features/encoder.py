"""Representations of an encoder that another run has trained, frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.config.read import read
from harness.data.augment import Augmentation
from harness.errors import StoreError
from harness.grid.stage import Stage
from harness.grid.work import Work
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

    def varied(self, source: Source, augmentation: Augmentation) -> Varied:
        """See `Features.varied`; the draws are those of the probe's seed under the branch's number."""
        from jobs.run.represent import AugmentedFeatures, Viewed

        encoder, standardise = self._restored(source)
        viewed = Viewed(source.packed, source.view, source.work.world.device)
        return AugmentedFeatures(encoder, viewed, augmentation.build(source.seed), standardise, self.branch)

    def _restored(self, source: Source) -> tuple[EncoderModule, Standardise]:
        """The encoder in inference mode, and how its inputs are standardised."""
        from harness.models.files import restore_encoder
        from jobs.run.represent import Standardise

        stage = read(Stage, source.work.store.run(self.run).record()["config"], self.run)
        assert isinstance(stage, Training), f"{self.run!r} trains no encoder"
        settings, name = stage.encoder_of(self.branch)
        encoder = settings.build(in_features(source.packed, source.view))
        device = source.work.world.device
        artifact = self._result(source.work).artifacts[name]
        notes = restore_encoder(source.work.store.run(self.run).path / artifact.path, encoder)
        mean, std = json.loads(notes["statistics"])[self.branch]
        return encoder.to(device).eval(), Standardise(mean, std, device)

    def _result(self, work: Work) -> Result:
        result = work.store.run(self.run).result()
        if result is None:
            raise StoreError(f"{self.run!r} has no result", mend="submit the grid that trains it")
        return result
