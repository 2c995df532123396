"""Nuclear masks: HoVer-Net's segmentation of each H&E patch (paper, section 2.1).

"We synthetically construct an information-sparse dataset by using HoVer-Net to create
a nuclear segmentation mask for each image, coloured by their predicted cell types." The
stage leaves a folder of masks (`harness.data.nuclei.folder`); a pre-training that follows
it reads the same data with the modality `nuclei` and the label `cell`::

    stage: nuclei
    data: {name: nct, root: PATH, size: 224}
    weights: hovernet_fast-pannuke.pth
    weights_digest: ...
    python: hovernet-env/bin/python
    then:
      - {stage: pretrain, pair: nuclear_mask, axes: {asymmetric: [true, false]}}
      - {stage: probe, of: pretrain, label: cell}
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from harness.config.base import Placement
from harness.data.datasets import Dataset
from harness.errors import ConfigError
from harness.grid.stage import Outcome, Price, Stage
from harness.grid.work import Work
from jobs.data import at_hand, train_samples

PATCHES_ASSUMED = 1000


class Nuclei(Stage, name="nuclei"):
    """A segmentation of every patch of a data set.

    Attributes:
        data: The data set; its modality `he` is segmented, at the size in its files.
        weights: HoVer-Net's, fast mode, trained on PanNuke.
        weights_digest: The SHA-256 of that file, which is part of the run's identity.
        upscale: How much a patch is enlarged before. PanNuke is at 0.25 um/px and
            NCT-CRC-HE at 0.5, hence 2.
        python: The Python of an environment that has TIAToolbox.
        device: Where it runs, as torch names it.
        batch_size: Of its forward passes.
        at_once: Patches that are handed to it together, and done again if it is killed.
    """

    data: Dataset
    weights: Annotated[str, Placement()]
    weights_digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    upscale: Annotated[float, Field(gt=0)] = 2.0
    python: Annotated[str, Placement()] = "python"
    device: Annotated[str, Placement()] = "cpu"
    batch_size: Annotated[int, Placement(), Field(ge=1)] = 8
    at_once: Annotated[int, Placement(), Field(ge=1)] = 256

    def pinned(self, cache: Path) -> Self | None:
        """See `Stage.pinned`."""
        data = at_hand(self.data, cache, [], [])
        return None if data is None else self.model_copy(update={"data": data})

    def check(self, ranks: int) -> None:
        """See `Stage.check`: the tool runs in one process of its own."""
        if ranks != 1:
            raise ConfigError(f"{ranks} ranks for the segmentation", where="resources.nuclei.ranks", legal="1")

    def price(self) -> Price:
        """Patches; seen: 20 s for one of 448 px on a core."""
        return Price(f"nuclei {self.data.size}", train_samples(self.data) or PATCHES_ASSUMED, 0.05)

    def __call__(self, work: Work) -> Outcome:
        """Segment what earlier attempts left undone, then write the folder."""
        from jobs.run.segment import segmented

        return segmented(self, work)
