"""One rank's part in a translation: pairs of images to a U-Net, and what is kept of it.

It did train where it paints training patches, without augmentation, better by 2 % than
an image of one colour does, the mean colour of the target. The loss of the last epoch
is recorded beside, and decides nothing: under augmentation a part of it is the black
corners of rotated targets, which take no knowledge of the tissue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor, nn

from harness.config.plain import to_plain
from harness.distributed.batch_norm import synchronised
from harness.files import write_atomic
from harness.grid.stage import Outcome
from harness.grid.work import Work
from harness.models.files import KEY, save_encoder
from harness.models.initialisation import initialised
from harness.models.nets.unet import UNet
from harness.training.determinism import deterministic
from jobs.data import in_features
from jobs.protocol import departures
from jobs.run.feed import Fed, Feed
from jobs.run.fitted import fit_stage
from jobs.run.likeness import beside_one_colour, likeness
from jobs.run.notes import encoder_notes
from jobs.run.painter import Painter, check_data, rows_of
from jobs.run.predicted_pairs import DIGEST, FOLDER, PredictedPairs
from jobs.run.sheet import sheet
from jobs.run.statistics import view_statistics
from jobs.run.trained import BELOW_CHANCE, SAMPLES, last_epoch

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.translate import Translate

ON_SHEET = 8


class Translated:
    """Builds what a translation needs, trains it, tests it, and keeps encoder, decoder and images.

    Args:
        stage: The settings.
        work: This rank's part in the attempt.

    Raises:
        DataError: A view or target is of vectors, or there are no images of the splits that
            are to be written.
    """

    def __init__(self, stage: Translate, work: Work) -> None:
        deterministic(work.threads)
        self.stage, self.work = stage, work
        self.feed = Feed(stage, work)
        check_data(self.feed.packed, stage)
        self.model = self._model()
        self.loss = stage.loss.build()

    def outcome(self) -> Outcome:
        """Train from wherever the last attempt ended to the end; then paint, and write what stays."""
        fit_stage(self.feed, self.model, self._terms, self.feed.batches)
        painter = Painter(self.model, self.feed, self.stage)
        images, facts = self._images(painter)
        return self._kept(painter, images, facts) if self.work.is_main else Outcome({})

    def _model(self) -> UNet:
        """Encoder and decoder, each drawn from a seed of its own: the encoder is that of a pre-training run."""
        stage, channels = self.stage, in_features(self.feed.packed, self.stage.view)
        encoder = initialised(lambda: stage.encoder.build(channels), stage.seed, "encoder", 0)
        decoder = initialised(lambda: stage.decoder.build(encoder, channels), stage.seed, "decoder", 0)
        model = UNet(encoder, decoder)
        if stage.batch_norm_group is None:
            synchronised(model)
        return model

    def _terms(self, model: nn.Module, fed: Fed) -> Mapping[str, Tensor]:
        """The loss of this rank's samples, whose mean over ranks is that of the global batch."""
        terms: dict[str, Tensor] = self.loss(model(fed.inputs[0]), fed.inputs[1])
        return terms

    def _images(self, painter: Painter) -> tuple[dict[str, Path], dict[str, str]]:
        """The predicted images as a data set, where they are to be written, and its digest; every rank has a part."""
        stage, packed = self.stage, self.feed.packed
        if stage.write_images == "none":
            return {}, {}
        pairs = PredictedPairs(stage, self.work, packed)
        path = pairs.write(painter, rows_of(packed, stage.write_images))
        return {FOLDER: path}, {DIGEST: pairs.digest()} if self.work.is_main else {}

    def _kept(self, painter: Painter, images: Mapping[str, Path], of_images: Mapping[str, str]) -> Outcome:
        """Write the weights and a sheet of images; say what a table must know."""
        stage, packed = self.stage, self.feed.packed
        test = rows_of(packed, "test")
        tested = {f"test/{name}": value for name, value in likeness(painter(test)).items()} if len(test) else {}
        trained, figures = self._did_train(painter)
        facts = {
            "views": [stage.view.modality, stage.target.modality],
            "trained": trained,
            "samples": len(self.feed.rows),
            "steps": self.feed.num_steps,
            "departures": [place for place, _, _ in departures(stage)],
            "augmented_by": [stage.augmentation.backend_on(self.work.world.device.type)],
            "synthetic": packed.synthetic,
            "data_name": packed.name,
            **of_images,
        }
        shown = painter(_spread(test if len(test) else self.feed.rows, ON_SHEET))
        write_atomic(self.work.path("sheet.png"), sheet(shown))
        files = {**self._weights(), **self.feed.samples(), "sheet": self.work.path("sheet.png"), **images}
        return Outcome(figures | tested, facts, files)

    def _did_train(self, painter: Painter) -> tuple[bool, dict[str, float]]:
        """Whether training patches are painted better than in one colour, and the figures of the training."""
        history, rows = self.work.run.history(), _spread(self.feed.rows, SAMPLES)
        colour_C = torch.from_numpy(view_statistics(self.feed.packed, self.stage.target)[0])
        painted, of_colour = beside_one_colour(painter(rows), self.loss, colour_C)
        figures = {
            **{name: value for name, value in history[-1].values.items() if not name.startswith("rate/")},
            "train/loss_last_epoch": last_epoch(history, "train/loss", self.feed.steps_per_epoch),
            "train/loss_unaugmented": painted,
            "train/loss_at_chance": of_colour,
        }
        return painted < (1 - BELOW_CHANCE) * of_colour, figures

    def _weights(self) -> dict[str, Path]:
        """The files of the encoder, as a pre-training run leaves it, and of the decoder."""
        settings, name = self.stage.encoder_of(0)
        files = {each: self.work.path(f"{each}.safetensors") for each in (name, "decoder")}
        save_encoder(files[name], self.model.encoder, encoder_notes(self.feed, settings))
        decoder = {part: value.detach().cpu().contiguous() for part, value in self.model.decoder.state_dict().items()}
        known = {"run": self.work.run.key, "decoder": json.dumps(to_plain(self.stage.decoder))}
        write_atomic(files["decoder"], save(decoder, metadata={KEY: json.dumps(known, sort_keys=True)}))
        return files


def _spread(rows: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """So many rows, or all where there are fewer, evenly over them."""
    return rows[np.linspace(0, len(rows) - 1, min(number, len(rows)), dtype=np.int64)]
