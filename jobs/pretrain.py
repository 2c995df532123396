"""Pre-training: a joint embedding of paired views, over one rank or many (paper, section 2).

Each branch augments its view, encodes and expands it; the objective compares the
embeddings of the whole global batch, whatever the number of ranks; one optimiser
moves all weights. After the last epoch the encoders stay, the expanders do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from harness.config.base import Config, Since
from harness.data.augment import Augmentation
from harness.data.views import View
from harness.errors import ConfigError
from harness.grid.stage import Outcome, Price
from harness.grid.work import Work
from harness.models.encoders import Encoder
from harness.models.expander import Expander
from harness.objectives import Objective
from jobs.pairing import SHORT_FORMS, written_out
from jobs.training import Seen, Training, encoder_name


class Branch(Config):
    """One branch of the joint embedding.

    Attributes:
        view: What it sees of a sample.
        augmentation: What is done to the view, anew in each epoch.
        encoder: Index of its encoder.
        expander: Index of its expander.
    """

    view: View
    augmentation: Augmentation
    encoder: int = Field(ge=0)
    expander: int = Field(ge=0)


class Pretrain(Training, name="pretrain"):
    """A self-supervised training run; see `Training` for what it shares with others.

    Attributes:
        branches: Two or more.
        encoders: What the branches' encoder indices name.
        expanders: What their expander indices name.
        objective: What is minimised.
        domain_batch_norm: Whether an encoder that branches of different views share has
            batch norms for each view, all other weights being shared. Shared weights
            otherwise average the running statistics of two domains.
        replicated_expander: Whether each rank runs the expanders on the representations of
            all ranks, in place of averaging the expanders' gradients: the same training,
            with a seventh of the traffic for the paper's pair.
        online_probe: A label that a linear head learns along, as a diagnostic that reaches no encoder.
    """

    branches: tuple[Branch, ...] = Field(min_length=2)
    encoders: tuple[Encoder, ...]
    expanders: tuple[Expander, ...]
    objective: Objective
    domain_batch_norm: Annotated[bool, Since(False)] = False
    replicated_expander: Annotated[bool, Since(False)] = False
    online_probe: str | None = None

    @classmethod
    def short_forms(cls) -> tuple[str, ...]:
        """See `jobs.pairing`."""
        return SHORT_FORMS

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Stage.settle`."""
        return written_out(super().settle(settings))

    @model_validator(mode="after")
    def _indices(self) -> Self:
        for kind, components in (("encoder", self.encoders), ("expander", self.expanders)):
            used = {getattr(branch, kind) for branch in self.branches}
            if used != set(range(len(components))):
                raise ConfigError(
                    f"the branches use the {kind}s {sorted(used)}, but {len(components)} are declared",
                    where=f"{kind}s",
                    mend=f"declare each {kind} that a branch names, and no other",
                )
        return self

    @model_validator(mode="after")
    def _replicas(self) -> Self:
        if self.replicated_expander and self.batch_norm_group is not None:
            raise ConfigError(
                f"a replicated expander sees the whole global batch, and batch_norm_group is {self.batch_norm_group}",
                where="replicated_expander, batch_norm_group",
                legal="one of them",
                mend="set batch_norm_group: null, or replicated_expander: false",
            )
        return self

    @model_validator(mode="after")
    def _domains(self) -> Self:
        if self.domain_batch_norm and all(len(self.domains(index)) == 1 for index in range(len(self.encoders))):
            raise ConfigError(
                "domain_batch_norm has no effect: no encoder is shared by branches of different views",
                where="domain_batch_norm",
                legal="false",
                mend="take it out, or share an encoder between two views",
            )
        return self

    def seen(self) -> tuple[Seen, ...]:
        """See `Training.seen`."""
        return tuple(Seen(branch.view, branch.augmentation) for branch in self.branches)

    def encoder_of(self, branch: int) -> tuple[Encoder, str]:
        """See `Training.encoder_of`; with batch norms for each domain, an encoder is kept for each."""
        index = self.branches[branch].encoder
        name = f"encoder_{index}"
        domains = self.domains(index)
        if self.domain_batch_norm and len(domains) > 1:
            name = f"{name}_domain_{domains.index(self.branches[branch].view)}"
        return self.encoders[index], name

    def domains(self, encoder: int) -> list[View]:
        """The different views that go through an encoder, in the order of the branches."""
        return list(dict.fromkeys(branch.view for branch in self.branches if branch.encoder == encoder))

    def labels(self) -> tuple[str | None, ...]:
        """See `Training.labels`."""
        return (self.online_probe, self.stratify_by)

    def check(self, ranks: int) -> None:
        """See `Training.check`; the objective must be defined for the branches."""
        self.objective.check_branches(len(self.branches))
        super().check(ranks)

    def tags(self) -> dict[str, str]:
        """Objective, encoders, pairing and sharing, and those of every training."""
        views = [branch.view.title for branch in self.branches]
        shared = len(self.encoders) == 1
        return {
            "objective": self.objective.name,
            "encoder": ", ".join(dict.fromkeys(encoder_name(encoder) for encoder in self.encoders)),
            "pairing": ("symmetric" if len(set(views)) == 1 else "asymmetric") + f" ({', '.join(views)})",
            "shared_weights": "yes" if shared else "no",
            **super().tags(),
        }

    def price(self) -> Price:
        """See `Training.priced`."""
        expanders = sum(expander.parameters(expander.width) for expander in self.expanders)
        return self.priced(self.encoders, len(self.branches), expanders)

    def __call__(self, work: Work) -> Outcome:
        """Train to the last epoch, then keep the encoders."""
        from jobs.run.joint_embedding import JointEmbedding

        return JointEmbedding(self, work).outcome()
