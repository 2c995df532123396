"""Random streams, one for each purpose and counter, so that no draw moves another."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of the output: never renumber."""

    SPLIT = 1
    CLASSES = 2
    REGION = 3
    TISSUE = 4
    HE = 5
    RESCAN = 6
    MARKER = 7


def stream(seed: int, purpose: Purpose, *counters: int) -> np.random.Generator:
    """The generator of one purpose, the same whatever was drawn elsewhere."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, int(purpose), *counters])))
