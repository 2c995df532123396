"""The floor that stain alone gives: a colour histogram with logistic regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from jobs.features import Features, Floats, Source


class Histogram(Features, name="histogram"):
    """A histogram of each channel of the patch as its view shows it.

    On NCT-CRC-HE such a histogram reaches .82 (arXiv 2409.11546), so a learnt
    representation has something to beat.

    Attributes:
        bins: For each channel; 16 make 48 features.
    """

    bins: int = Field(default=16, ge=2, le=256)

    @classmethod
    def default_head(cls) -> str:
        """Logistic regression."""
        return "logistic"

    def extract(self, source: Source, rows: NDArray[np.int64]) -> Floats:
        """See `Features.extract`; shares of the pixels, channel by channel."""
        from jobs.run.represent import seen

        seen_BHWC = seen(source.packed, source.view, rows, source.work.world.device)
        return np.stack([self._of(image_HWC) for x_BHWC in seen_BHWC for image_HWC in x_BHWC.cpu().numpy()])

    def _of(self, image_HWC: NDArray[np.uint8]) -> Floats:
        bin_HWC = (image_HWC.astype(np.int64) * self.bins) // 256
        pixels = image_HWC.shape[0] * image_HWC.shape[1]
        counts = [np.bincount(bin_HWC[..., c].ravel(), minlength=self.bins) for c in range(image_HWC.shape[-1])]
        shares: Floats = (np.concatenate(counts) / pixels).astype(np.float32)
        return shares
