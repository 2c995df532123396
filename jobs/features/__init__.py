"""What a probe's head is trained on: an encoder's representations, or a floor that nobody trained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.config.family import Family
from harness.data.augment import Augmentation
from harness.data.views import View
from harness.errors import ConfigError
from harness.grid.work import Work

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """The images that features are made of.

    Attributes:
        packed: The data set.
        view: What of each sample is looked at.
        train_rows: Rows that the head is trained on; a floor may take statistics from them.
        seed: The probe's.
        work: The worker's part.
    """

    packed: PackedSet
    view: View
    train_rows: NDArray[np.int64]
    seed: int
    work: Work


class Varied(Protocol):
    """Features that are made anew in each epoch.

    Attributes:
        num_features: How many a sample has.
    """

    num_features: int

    def __call__(self, epoch: int, rows: NDArray[np.int64]) -> Floats:
        """The features of some rows of the data set in an epoch, rows x features."""


class Features(Family, package="jobs.features"):
    """Features' settings.

    Attributes:
        augmentable: Whether `varied` can make them of augmented patches.
    """

    augmentable: ClassVar[bool] = False

    @classmethod
    def default_head(cls) -> str:
        """The head that suits them where the probe names none."""
        return "linear"

    def inputs(self) -> tuple[str, ...]:
        """Keys of the runs that are read."""
        return ()

    def facts(self, work: Work) -> Mapping[str, Any]:
        """What tables should know of where the features come from."""
        return {}

    @abstractmethod
    def extract(self, source: Source, rows: NDArray[np.int64]) -> Floats:
        """Features of some rows of the data set, rows x features, in their order."""

    def basis(self, source: Source) -> Mapping[str, Any] | None:
        """All that `extract` depends on beside the images, the rows and the machine, as plain data.

        None where making them is as cheap as keeping them.
        """
        return None

    def varied(self, source: Source, augmentation: Augmentation) -> Varied:
        """Features of patches that are augmented anew in each epoch.

        Raises:
            ConfigError: They are not of an encoder.
        """
        raise ConfigError(f"the features {self.name!r} are no encoder's, so they cannot be augmented")

    def drawn_by(self, seed: int) -> int | None:
        """What of a probe's seed the draws of `varied` depend on; None where the run that is read says it."""
        return seed
