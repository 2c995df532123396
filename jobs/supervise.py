"""The supervised baseline: an encoder trained with labels, at the pre-training's own protocol (paper, section 2.2).

One view, the augmentations of pre-training, an encoder and one dense layer under it, all
trained together on the samples that have the label; tested on the whole test split,
without augmentation. That is a row beside the probes of pre-trained encoders. Its
transfer to another label is a probe like any other: the encoder is frozen and a new
head learns on its features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from harness.data.augment import Augmentation
from harness.data.views import View
from harness.errors import ConfigError
from harness.grid.stage import Outcome, Price
from harness.grid.work import Work
from harness.models.encoders import Encoder
from harness.objectives import Objective
from jobs.pairing import DEFAULT_AUGMENTATION, DEFAULT_ENCODER
from jobs.training import Seen, Training, encoder_name

DEFAULT_OBJECTIVE = "supervised"


class Supervise(Training, name="supervise"):
    """A run that learns a label; see `Training` for what it shares with others.

    Samples without the label are left out of the order, so that every batch is whole. A
    fraction is stratified by the label and by nothing else: it is then, row for row, what
    the head of a probe with the same fraction and label is trained on.

    Attributes:
        view: What the encoder sees of a sample.
        label: What is learnt.
        augmentation: What is done to the view, anew in each epoch.
        encoder: The encoder, which stays; the dense layer under it is kept, too.
        objective: What is minimised; one that needs labels.
    """

    view: View
    label: str
    augmentation: Augmentation = Field(default=DEFAULT_AUGMENTATION, validate_default=True)
    encoder: Encoder = Field(default=DEFAULT_ENCODER, validate_default=True)
    objective: Objective = Field(default=DEFAULT_OBJECTIVE, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _by_label(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("stratify_by") is not None or "label" not in settings:
            return settings
        return {**settings, "stratify_by": settings["label"]}

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if self.stratify_by != self.label:
            raise ConfigError(
                f"stratify_by is {self.stratify_by!r}, but the label that is learnt is {self.label!r}",
                where="stratify_by",
                legal=self.label,
                mend="take it out",
            )
        return self

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Training.settle`; no protocol has another objective for a run that has labels."""
        return super().settle({"objective": DEFAULT_OBJECTIVE, **settings})

    def seen(self) -> tuple[Seen, ...]:
        """See `Training.seen`."""
        return (Seen(self.view, self.augmentation),)

    def encoder_of(self, branch: int) -> tuple[Encoder, str]:
        """See `Training.encoder_of`."""
        assert branch == 0, branch
        return self.encoder, "encoder_0"

    def labels(self) -> tuple[str | None, ...]:
        """See `Training.labels`."""
        return (self.label,)

    def check(self, ranks: int) -> None:
        """See `Training.check`; the objective must learn from labels, of one branch."""
        if not self.objective.needs_labels:
            raise ConfigError(
                f"objective {self.objective.name!r} does not learn from labels",
                where="objective",
                legal=[name for name, member in Objective.catalogue().items() if member.needs_labels],
                mend="take one of these, or stage: pretrain",
            )
        self.objective.check_branches(1, labelled=True)
        super().check(ranks)

    def tags(self) -> dict[str, str]:
        """Objective, encoder and label, and those of every training."""
        own = {"objective": self.objective.name, "encoder": encoder_name(self.encoder), "label": self.label}
        return {**own, **super().tags()}

    def price(self) -> Price:
        """See `Training.priced`; the dense layer counts for nothing beside the encoder."""
        return self.priced([self.encoder], 1)

    def __call__(self, work: Work) -> Outcome:
        """Train to the last epoch, test on the test split, keep encoder and head."""
        from jobs.run.supervised import Supervised

        return Supervised(self, work).outcome()
