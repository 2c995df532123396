"""What heads that Adam trains by steps have in common: the paper's training protocol (section 2.2)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.config.base import Since
from harness.errors import ConfigError
from harness.evaluation.heads import Fitted, Floats, Head

if TYPE_CHECKING:
    from torch import Generator, nn

    from harness.evaluation.heads.fit.steps import HeadTraining

FeaturesOf = Callable[[int, NDArray[np.int64]], Floats]
"""From an epoch, counted from 0, and the numbers of B training samples to their features, B x F."""

EPOCHS = 100


class Stepped(Head):
    """A head trained by Adam on batches in a new random order each epoch.

    The paper trains for 100 epochs at a learning rate of 1e-3, on a batch of 128 as the
    authors' code does. A head with batch norm passes over a last batch of a single
    sample, which has no deviation; the others take it.

    Attributes:
        epochs: Passes over the training features: the paper's way to fix the length.
        steps: Steps of Adam in all, in place of `epochs`: for a comparison of fractions at
            equal length, where the paper's equal epochs give a hundredth of the data a
            hundredth of the steps. The last pass then ends where the steps do.
        learning_rate: Of Adam.
        global_batch_size: Samples a step; the last, smaller batch of an epoch counts too.
    """

    epochs: int = Field(default=EPOCHS, ge=1)
    steps: Annotated[int | None, Since(None), Field(ge=1)] = None
    learning_rate: float = Field(default=1e-3, gt=0)
    global_batch_size: int = Field(default=128, ge=1)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.steps is not None and self.epochs != EPOCHS:
            raise ConfigError(
                f"{self.epochs} epochs have no effect beside {self.steps} steps",
                where="head.epochs",
                legal="epochs or steps",
                mend="take one of them out",
            )
        return self

    @abstractmethod
    def network(self, features: int, classes: int, generator: Generator) -> nn.Module:
        """The untrained head: features (B x F) to logits (B x C), its weights drawn from `generator` alone."""

    def fit(self, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, seed: int) -> Fitted:
        """See `Head.fit`; the features are the same in every epoch."""
        return self.fit_epochs(lambda _, rows: features_NF[rows], features_NF.shape[1], labels_N, classes, seed)

    def fit_epochs(
        self, features_of: FeaturesOf, num_features: int, labels_N: NDArray[np.int64], classes: int, seed: int
    ) -> Fitted:
        """Train on features that are made anew in each epoch, in the order of batches that `fit` has.

        Args:
            features_of: Makes the features of a batch.
            num_features: Their number, F.
            labels_N: Class numbers of the training samples.
            classes: How many classes there are, those without a sample too.
            seed: Of the initial weights and the order of the samples.

        Returns:
            What `Head.fit` returns.

        Raises:
            ConfigError: The head has a batch norm, and no batch has two samples.
        """
        training = self.begin(num_features, labels_N, classes, seed)
        while not training.finished:
            training.go_through(partial(features_of, training.epoch))
        return training.fitted()

    def begin(self, num_features: int, labels_N: NDArray[np.int64], classes: int, seed: int) -> HeadTraining:
        """The training that `fit_epochs` goes through, an epoch at a time and with a state that can be kept.

        Raises:
            ConfigError: The head has a batch norm, and no batch has two samples.
        """
        from harness.evaluation.heads.fit.steps import HeadTraining

        return HeadTraining(self, num_features, labels_N, classes, seed)
