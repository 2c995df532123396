"""Table S1 as the authors' published code computes it, operation by operation.

A member of its own and no switch of `table_s1`: of that one's settings only the
probabilities mean anything here, so a switch would bring fields without effect.
The numbers below are their code's and are not offered as settings. All is said on
the scale 0 to 255, which theirs works on; what leaves is on 0 to 1, as from every
augmentation.

1. Flips: left-right, then up-down.
2. Crop: as `table_s1` has it.
3. Noise: wherever a channel is exactly 0, a number from 0 to 256, each channel for
   itself. A red pixel without blue gets blue noise.
4. Rotation: an angle from 0 to pi, the nearest pixel, 0 beyond the edge.
5. Solarize: 255 - x at or above a threshold between 0.01 and 0.6. That is a
   negative of the whole image, but for its exact zeros, which stay black.
6. Jitter: up to 0.4 of 255 levels are added, which is nothing; contrast by 0.6 to
   1.4 about the mean of each channel, saturation by 0.6 to 1.4 (at most to 1) and hue
   by a tenth of a turn in HSV. Values are cut to the scale only at its end.
"""

from __future__ import annotations

import math
from typing import ClassVar

from harness.data.augment import Augmenter
from harness.data.augment.shared import Spans, TableS1Family


class TableS1Authors(TableS1Family, name="table_s1_authors"):
    """The authors' augmentations; see the module's text."""

    revision: ClassVar[int] = 1

    def spans(self) -> Spans:
        """See `TableS1Family.spans`."""
        return Spans(
            side=(0.75, 1.0),
            angle=(0.0, math.pi),
            threshold=(0.01 / 255, 0.6 / 255),
            brightness=(-0.4, 0.4),
            contrast=(0.6, 1.4),
            saturation=(0.6, 1.4),
            hue=(-0.1, 0.1),
        )

    def build(self, seed: int) -> Augmenter:
        """The augmenter; the same settings and seed give the same function.

        Raises:
            ConfigError: The seed is out of range.
        """
        from harness.data.augment.ops.authors_code import Authors
        from harness.data.augment.ops.chain import Batched, Chain

        return Chain(self, seed, lambda _: Batched(Authors()))
