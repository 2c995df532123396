"""Signs beside a cell: what a reader must know before believing it."""

from __future__ import annotations

from enum import Enum


class Mark(Enum):
    """What a reader must know of a cell, and the sign that says so."""

    TARGET_IN_PAIR = "†"
    AT_MAJORITY = "‡"
    UNTRAINED = "§"
    REVISIONS = "¶"


MEANING = {
    Mark.TARGET_IN_PAIR: "the label was derived from the paired view: shows that information passed, "
    "not that the representation is better for anything else",
    Mark.AT_MAJORITY: "at the majority rate: the probe names one class for (nearly) every sample",
    Mark.UNTRAINED: "an encoder did not train: out of every comparison",
    Mark.REVISIONS: "runs of different revisions in one cell",
}
