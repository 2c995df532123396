"""Predictions of made-up probes, for metrics and statistics."""

from __future__ import annotations

import numpy as np

from harness.evaluation.predictions import Predictions


def random_predictions(
    num_samples: int = 60,
    num_classes: int = 3,
    num_groups: int = 6,
    seed: int = 0,
    signal: float = 1.0,
    ties: bool = False,
) -> Predictions:
    """A probe that is right more often than not; with `ties`, scores on a coarse scale."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, num_classes, num_samples)
    logits = draw.normal(size=(num_samples, num_classes))
    logits[np.arange(num_samples), labels] += signal
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if ties:
        shares = np.round(shares, 1)
    groups = draw.integers(0, num_groups, num_samples)
    groups[:num_groups] = np.arange(num_groups)
    ids = np.array([f"patch{index:05d}" for index in range(num_samples)])
    return Predictions(ids, np.array([f"region{group:03d}" for group in groups]), labels.astype(np.int64), shares)


def null_predictions(
    draw: np.random.Generator, num_seeds: int, of_seed: float, of_group: float, groups: tuple[int, int] = (10, 8)
) -> tuple[list[Predictions], list[Predictions]]:
    """Probes of a treatment and a control that differ by chance alone, `num_seeds` of each, on one test set.

    Each run's skill varies by `of_seed`; how the two react to a group varies by `of_group`, the same in every
    seed; and each sample has noise of its own.
    """
    count, size = groups
    labels = np.tile([0, 1], count * size // 2).astype(np.int64)
    names = np.repeat(np.arange(count), size)
    ids = np.array([f"{index:04d}" for index in range(len(labels))])
    arms = []
    for _arm in range(2):
        reaction = of_group * draw.normal(size=count)[names]
        runs = []
        for _seed in range(num_seeds):
            skill = 0.8 + reaction + of_seed * draw.normal()
            score = (2 * labels - 1) * skill + draw.normal(size=len(labels))
            share = 1 / (1 + np.exp(-score))
            runs.append(Predictions(ids, names.astype(str), labels, np.stack([1 - share, share], axis=1)))
        arms.append(runs)
    return arms[0], arms[1]
