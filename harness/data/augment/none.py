"""No augmentation: testing has none, and so has a baseline that is to see each image as it is."""

from __future__ import annotations

from harness.data.augment import Augmentation, Augmenter


class NoAugmentation(Augmentation, name="none"):
    """Images as they are, from bytes to numbers in [0, 1]."""

    def build(self, seed: int) -> Augmenter:
        """The conversion alone; `seed` has no effect on it."""
        from harness.data.augment.ops.plain import plain

        return plain
