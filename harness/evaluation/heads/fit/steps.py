"""Softmax and cross-entropy by steps of Adam, in torch, a pass over the samples at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.evaluation.heads import Fitted, Floats

if TYPE_CHECKING:
    from harness.evaluation.heads.stepped import Stepped

State = Mapping[str, Any]


class HeadTraining:
    """A head in training; see `Stepped.begin`.

    Args:
        settings: The head.
        num_features: F.
        labels_N: Class numbers of the training samples.
        classes: How many classes there are.
        seed: Of the initial weights and the order of the samples.

    Attributes:
        epoch: Passes over the samples done.
        step: Steps of Adam done.
        num_steps: Of the whole training.

    Raises:
        ConfigError: The head has a batch norm, and no batch has two samples.
    """

    def __init__(
        self, settings: Stepped, num_features: int, labels_N: NDArray[np.int64], classes: int, seed: int
    ) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._y_N = torch.from_numpy(labels_N)
        self._network = settings.network(num_features, classes, self._generator)
        self._batch = settings.global_batch_size
        self._least = _least(self._network, settings, len(labels_N))
        self._adam = torch.optim.Adam(self._network.parameters(), lr=settings.learning_rate)
        self.epoch, self.step = 0, 0
        self.num_steps = settings.steps or settings.epochs * self._steps_per_epoch()

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.num_steps

    def go_through(self, features_of: Callable[[NDArray[np.int64]], Floats]) -> None:
        """Train on every sample once, in a new random order, or on fewer where the last step comes before.

        Args:
            features_of: From the numbers of B training samples to their features, B x F.
        """
        order_N = torch.randperm(len(self._y_N), generator=self._generator)
        for rows in order_N.split(self._batch):  # type: ignore[no-untyped-call]
            if len(rows) >= self._least and not self.finished:
                self._take(rows, torch.from_numpy(features_of(rows.numpy())))
        self.epoch += 1

    def _take(self, rows: Tensor, x_BF: Tensor) -> None:
        """One step of Adam."""
        self._adam.zero_grad(set_to_none=True)
        F.cross_entropy(self._network(x_BF), self._y_N[rows]).backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self.step += 1

    def _steps_per_epoch(self) -> int:
        """Batches of an epoch that a step can be made of."""
        whole, rest = divmod(len(self._y_N), self._batch)
        return whole + (rest >= self._least)

    def state(self) -> State:
        """All that it takes to go on from here, in tensors and numbers."""
        return {
            "network": self._network.state_dict(),
            "adam": self._adam.state_dict(),
            "order": self._generator.get_state(),
            "epoch": self.epoch,
            "step": self.step,
        }

    def restore(self, state: State) -> None:
        """Go on from where `state` was taken.

        Raises:
            RuntimeError: It is of another head.
        """
        self._network.load_state_dict(state["network"])
        self._adam.load_state_dict(state["adam"])
        self._generator.set_state(state["order"])
        self.epoch, self.step = state["epoch"], state["step"]

    def fitted(self) -> Fitted:
        """The trained head, in inference mode: what `Head.fit` returns."""
        self._network.eval()
        return self._probabilities

    @torch.no_grad()
    def _probabilities(self, features_MF: Floats) -> Floats:
        logits_MC: Tensor = self._network(torch.from_numpy(features_MF))
        return logits_MC.softmax(dim=1).numpy()


def _least(network: nn.Module, settings: Stepped, samples: int) -> int:
    """The fewest samples that a step can be made of.

    Raises:
        ConfigError: No batch has as many.
    """
    least = 2 if any(isinstance(module, nn.BatchNorm1d) for module in network.modules()) else 1
    largest = min(samples, settings.global_batch_size)
    if largest < least:
        raise ConfigError(
            f"the head {settings.name!r} has a batch norm, but its batches have {largest} sample",
            where=f"head.global_batch_size {settings.global_batch_size}, {samples} training samples",
            legal="batches of 2 samples or more",
            mend="take a larger batch or fraction, or the head 'linear'",
        )
    return least
