"""CLIP's loss, at a scale that is learnt.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, sections 2.3 and 2.5 and figure 3.

The scale exp(s) of the cosines is learnt along with the encoders, from s = ln(1 / 0.07),
and after each step s is set back to ln 100 where it is above. So the objective's module
holds a parameter, and lies in the container that is trained: there the optimiser, the
ranks' averaging and the checkpoints find it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from harness.config.base import Since
from harness.objectives.infonce import InfoNCE

if TYPE_CHECKING:
    from torch import nn


class CLIP(InfoNCE, name="clip"):
    """`infonce` with 1 / t = exp(s), which is learnt; see the module's text.

    The term "scale" is exp(s) as the step used it. It is the same on every rank: each
    rank's loss has its own share of the derivative by s, and their mean is that of one
    process.

    Attributes:
        temperature: 1 / exp(s) at the start; CLIP's bound on exp(s), 100, is 0.01 here.
        learnt: Whether s is learnt. Otherwise it stays, and this is `infonce` at `temperature`.
    """

    formula: ClassVar[str] = (
        "[CE(exp(s) u v') + CE(exp(s) v u')] / 2 over N x N, u and v l2-normalised, "
        "s learnt from ln(1 / $temperature), exp(s) <= 100"
    )

    temperature: Annotated[float, Field(ge=0.01, allow_inf_nan=False)] = 0.07
    learnt: Annotated[bool, Since(False)] = True

    def stated(self) -> str:
        """See `Objective.stated`; a scale that stays is `infonce`'s temperature."""
        return super().stated() if self.learnt else InfoNCE(temperature=self.temperature).stated()

    def build(self) -> nn.Module:
        """See `Objective.build`; the terms are the loss and, where it is learnt, "scale"."""
        from harness.objectives.loss.clip import CLIPLoss
        from harness.objectives.loss.infonce import InfoNCELoss

        return CLIPLoss(self) if self.learnt else InfoNCELoss(self)
