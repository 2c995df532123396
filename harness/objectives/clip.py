"""CLIP's loss at the temperature that CLIP starts from.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, section 2.3 and figure 3.

CLIP learns its scale exp(s) = 1 / t along with the encoders, from s = ln(1 / 0.07) and
with exp(s) <= 100. Here the temperature is fixed: an objective's parameter would have to
lie in the container that is trained, where the optimiser, the ranks' averaging and the
checkpoints find it, and training keeps the objective outside.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.objectives.infonce import InfoNCE


class CLIP(InfoNCE, name="clip"):
    """`infonce` at CLIP's temperature, which stays as it is set; see the module's text.

    Attributes:
        temperature: t, 0.07 by default; CLIP's bound on its scale is 0.01 here.
    """

    formula: ClassVar[str] = "[CE(u v'/t) + CE(v u'/t)] / 2 over N x N, u and v l2-normalised, t = 0.07, not learnt"

    temperature: Annotated[float, Field(ge=0.01, allow_inf_nan=False)] = 0.07
