"""Translation: a U-Net predicts the paired image from the primary one (the paper's U-Net baseline).

What a model may gain from an image that is not there later, a U-Net tries to paint. Its
encoder is then probed like any other, and its predicted images can be written as pairs
to pre-train on. The paper names the backbone (ResNet-50) and the losses (SSIM or MSE),
with and without augmentation; the rest is the protocol of pre-training.

Predicted images and targets lie in 0..1, whatever the encoder's input is scaled to. Of
an augmentation the target takes what moves pixels, the very flips, crop and rotation of
its input, and nothing that changes a colour: noise, solarize and jitter are the input's
alone. A view may be its own target: the control that no second image is in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from harness.data.augment import Augmentation
from harness.data.augment.none import NoAugmentation
from harness.data.augment.shared import TableS1Family
from harness.data.views import View
from harness.errors import ConfigError
from harness.grid.stage import Outcome, Price
from harness.grid.work import Work
from harness.models.encoders import Encoder
from harness.models.unet import Decoder, reduction
from harness.translation import Loss
from jobs.data import train_samples
from jobs.pairing import DEFAULT_AUGMENTATION, DEFAULT_ENCODER
from jobs.training import Seen, Training, encoder_name

GEOMETRY = {"joint_geometry": True, "noise_probability": 0.0, "solarize_probability": 0.0, "jitter_probability": 0.0}
TIMES_THE_ENCODER = 2
"""Operations of the whole U-Net in those of its encoder: 2.00 for resnet50, 2.29 for resnet18."""
DECODER_PARAMETERS = 9_013_363
RGB = 3
PREDICTED = "predicted_"
"""Before the target's name, the modality of predicted images that are written."""


class Translate(Training, name="translate"):
    """A run that predicts one image from another; see `Training` for what it shares with others.

    Attributes:
        view: What the encoder sees of a sample.
        target: What is predicted.
        loss: What is minimised.
        augmentation: What is done to the view anew in each epoch, and to the target as far
            as it moves pixels.
        encoder: The U-Net's encoder, which stays.
        decoder: What stands upon it, which is kept, too.
        write_images: Of which splits the predicted images are written, each beside its
            input, as a data set of the kind `folder`.
    """

    view: View
    target: View
    loss: Loss
    augmentation: Augmentation = Field(default=DEFAULT_AUGMENTATION, validate_default=True)
    encoder: Encoder = Field(default=DEFAULT_ENCODER, validate_default=True)
    decoder: Decoder = Decoder()
    write_images: Literal["none", "test", "train+test"] = "none"

    @model_validator(mode="after")
    def _not_compiled(self) -> Self:
        if self.compile:
            raise ConfigError(
                "compile has no effect on a U-Net, which takes its encoder's maps and not its forward pass",
                where="compile",
                legal="false",
                mend="take it out",
            )
        return self

    def seen(self) -> tuple[Seen, ...]:
        """See `Training.seen`."""
        return (Seen(self.view, self.augmentation),)

    def targets(self) -> tuple[Seen, ...]:
        """See `Training.targets`."""
        return (Seen(self.target, geometry(self.augmentation)),)

    def encoder_of(self, branch: int) -> tuple[Encoder, str]:
        """See `Training.encoder_of`."""
        assert branch == 0, branch
        return self.encoder, "encoder_0"

    def check(self, ranks: int) -> None:
        """See `Training.check`; the encoder must take images, of a size that it and the loss can have."""
        if self.encoder.takes != "image":
            raise ConfigError(
                f"the encoder {self.encoder.name!r} takes vectors, and a U-Net predicts images from images",
                where="encoder",
                legal=[name for name, member in Encoder.catalogue().items() if member.takes == "image"],
            )
        geometry(self.augmentation)
        self._check_size()
        self._check_names()
        super().check(ranks)

    def _check_size(self) -> None:
        size, step, least = self.data.size, reduction(self.encoder) or 1, self.loss.least_size
        nearest = step * max(-(-least // step), round(size / step))
        if size % step:
            raise ConfigError(
                f"images of {size} px do not suit a U-Net whose encoder reduces a side {step} times",
                where="data.size",
                legal=f"multiples of {step} px",
                mend=f"set data.size to {nearest}",
            )
        if size < least:
            raise ConfigError(
                f"the loss {self.loss.name!r} is not defined for images of {size} px",
                where="data.size, loss",
                legal=f"{least} px or more",
                mend=f"set data.size to {nearest}, or take another loss",
            )

    def _check_names(self) -> None:
        if self.write_images != "none" and self.view.modality == f"{PREDICTED}{self.target.modality}":
            raise ConfigError(
                f"predicted images would be called {self.view.modality!r}, as their input is",
                where="write_images, view",
                legal="none",
                mend="rename the input's modality in its data set, or write no images",
            )

    def tags(self) -> dict[str, str]:
        """Loss, encoder and pairing, and those of every training."""
        views = [self.view.title, self.target.title]
        return {
            "objective": self.loss.name,
            "encoder": encoder_name(self.encoder),
            "pairing": ("symmetric" if len(set(views)) == 1 else "asymmetric") + f" ({', '.join(views)})",
            **super().tags(),
        }

    def price(self) -> Price:
        """See `Training.priced`; images that are written are reckoned as if they could not be compressed."""
        price = self.priced([self.encoder], TIMES_THE_ENCODER, DECODER_PARAMETERS)
        if self.write_images != "train+test":
            return price
        written = 2 * RGB * self.data.size**2 * (train_samples(self.data) or 0)
        return replace(price, final_bytes=price.final_bytes + written)

    def __call__(self, work: Work) -> Outcome:
        """Train to the last epoch, test on the test split, keep encoder and decoder, write images."""
        from jobs.run.translated import Translated

        return Translated(self, work).outcome()


def geometry(augmentation: Augmentation) -> Augmentation:
    """What moves pixels of an augmentation, as its first input draws it, and nothing else.

    Raises:
        ConfigError: It is not known what of the augmentation moves pixels.
    """
    if isinstance(augmentation, TableS1Family):
        return augmentation.model_copy(update=GEOMETRY)
    if isinstance(augmentation, NoAugmentation):
        return augmentation
    known = (TableS1Family, NoAugmentation)
    raise ConfigError(
        f"of the augmentation {augmentation.name!r} it is not known what moves pixels, which a target must share",
        where="augmentation",
        legal=[name for name, member in Augmentation.catalogue().items() if issubclass(member, known)],
    )
