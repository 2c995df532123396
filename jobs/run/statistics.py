"""The mean and spread by which a branch's input is standardised: those of its view over the training split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from harness.data.views import View
from harness.data.views.identity import Identity
from jobs.run.represent import seen

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

SAMPLES = 4096
WHITE = 255.0


def view_statistics(packed: PackedSet, view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of a view over the training split: per channel on a scale of 0..1, or per feature.

    A modality that is seen as it is has them in its pack, over every patch. For another
    view they are taken over the patches with the lowest keys, 4,096 at most: at 224 px
    the whole of NCT-CRC-HE would be 15 GB to read at every start.

    Raises:
        DataError: The training split is empty.
    """
    if isinstance(view, Identity):
        return packed.statistics(view.modality)
    rows = packed.rows("train")
    chosen = np.sort(rows[np.argsort(packed.keys[rows], kind="stable")[:SAMPLES]])
    total, squares, count = 0.0, 0.0, 0
    for x in seen(packed, view, chosen, torch.device("cpu")):
        flat_NC = x.reshape(-1, x.shape[-1]).to(torch.float64).numpy()
        total, squares = total + flat_NC.sum(axis=0), squares + (flat_NC**2).sum(axis=0)
        count += len(flat_NC)
    scale = WHITE if packed.kind(view.modality) == "image" else 1.0
    mean = np.asarray(total) / count
    variance = np.maximum(np.asarray(squares) / count - mean**2, 0.0)
    return mean / scale, np.sqrt(variance) / scale


def scaling(packed: PackedSet, view: View, normalise: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and standard deviation that a view's input is standardised by, on the scale of `view_statistics`.

    Args:
        packed: The data set.
        view: What is looked at.
        normalise: `dataset` for the view's own, `none` for an input as it is, `raw` for
            images on a scale of 0..255.

    Raises:
        DataError: The training split is empty.
    """
    mean, std = view_statistics(packed, view)
    if normalise == "dataset":
        return mean, std
    unit = WHITE if normalise == "raw" and packed.kind(view.modality) == "image" else 1.0
    return np.zeros_like(mean), np.full_like(std, 1 / unit)
