"""Exact nearest neighbours by cosine similarity, in blocks that fit in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.heads import Floats

BLOCK = 1 << 25
"""Similarities at a time: 128 MiB in float32, and as much again to select from."""


class Neighbours:
    """The votes of the k nearest training samples, as a function of other samples' features.

    Args:
        features_NF: Of the training samples.
        labels_N: Their classes.
        classes: How many classes there are.
        k: How many neighbours vote.
        temperature: Of the votes.
    """

    def __init__(
        self, features_NF: Floats, labels_N: NDArray[np.int64], classes: int, k: int, temperature: float
    ) -> None:
        self.train_FN = np.ascontiguousarray(_unit(features_NF).T)
        self.labels_N, self.classes = labels_N, classes
        self.k, self.temperature = k, temperature

    def __call__(self, features_MF: Floats) -> Floats:
        """Shares of the votes for each class, M x C."""
        rows = max(1, BLOCK // len(self.labels_N))
        unit_MF = _unit(features_MF)
        parts = [self._shares(unit_MF[at : at + rows]) for at in range(0, len(unit_MF), rows)]
        return np.concatenate([np.zeros((0, self.classes), np.float32), *parts])

    def _shares(self, unit_BF: Floats) -> Floats:
        similarity_BN = unit_BF @ self.train_FN
        place = len(self.labels_N) - self.k
        kth_B1 = np.partition(similarity_BN, place, axis=1)[:, place, None]
        query, neighbour = np.nonzero(similarity_BN >= kth_B1)
        less = similarity_BN[query, neighbour].astype(np.float64) - similarity_BN.max(axis=1)[query]
        weight = np.exp(less / self.temperature)
        cell = query * self.classes + self.labels_N[neighbour]
        votes = np.bincount(cell, weight, len(unit_BF) * self.classes).reshape(-1, self.classes)
        shares: Floats = (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares


def _unit(features_NF: Floats) -> Floats:
    """Features of length one; those of length zero as they are."""
    length_N1 = np.linalg.norm(features_NF, axis=1, keepdims=True)
    unit_NF: Floats = (features_NF / np.where(length_N1 > 0, length_N1, 1)).astype(np.float32)
    return unit_NF
