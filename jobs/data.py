"""What the stages share about data sets."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.datasets import Dataset
from harness.data.views import View

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

RGB = 3


def at_hand(data: Dataset, cache: Path) -> Dataset | None:
    """The data set with its digest filled in; None where its files are not on this machine.

    A digest that the grid file expects is kept: it is verified when a run starts.
    """
    if data.digest is not None:
        return data
    if not Path(data.root).exists():
        return None
    return data.model_copy(update={"digest": data.manifest(cache).digest})


@cache
def train_samples(data: Dataset) -> int | None:
    """How many samples the training split has; None where the files are not on this machine."""
    if not Path(data.root).exists():
        return None
    return data.manifest().splits.count("train")


def in_features(packed: PackedSet, view: View) -> int:
    """What an encoder of a view is given: three channels, a single one being repeated, or a vector's length."""
    return RGB if packed.kind(view.modality) == "image" else packed.channels(view.modality)
