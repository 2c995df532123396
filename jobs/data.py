"""What the stages share about data sets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.datasets import Dataset
from harness.data.manifest import Manifest
from harness.data.views import View
from harness.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

RGB = 3


def at_hand(data: Dataset, folder: Path, views: Iterable[View], labels: Iterable[str | None]) -> Dataset | None:
    """The data set with its digest filled in; None where its files are not on this machine.

    A digest that the grid file expects is kept: it is verified when a run starts.

    Args:
        data: The data set.
        folder: Where the hashes of files are kept.
        views: Views that a stage wants of it.
        labels: Labels that it wants, Nones passed over.

    Raises:
        ConfigError: The data set has no such modality or label.
        DataError: The data are not what they should be.
    """
    if not Path(data.root).expanduser().exists():
        return data if data.digest is not None else None
    manifest = _manifest(data, folder)
    for view in views:
        _require("modality", view.modality, manifest.modalities, manifest.name)
    for label in labels:
        if label is not None:
            _require("label", label, manifest.labels, manifest.name)
    return data if data.digest is not None else data.model_copy(update={"digest": manifest.digest})


def _require(kind: str, name: str, legal: Iterable[str], data: str) -> None:
    legal = list(legal)
    if name not in legal:
        raise ConfigError(f"the data set {data!r} has no {kind} {name!r}", legal=legal, mend=did_you_mean(name, legal))


@cache
def _manifest(data: Dataset, folder: Path) -> Manifest:
    """The manifest, read once for all runs of a plan."""
    return data.manifest(folder)


def train_samples(data: Dataset) -> int | None:
    """How many samples the training split has; None where the files are not on this machine."""
    return _train_samples(data) if Path(data.root).expanduser().exists() else None


@cache
def _train_samples(data: Dataset) -> int:
    return data.read().splits.count("train")


def in_features(packed: PackedSet, view: View) -> int:
    """What an encoder of a view is given: three channels, a single one being repeated, or a vector's length."""
    return RGB if packed.kind(view.modality) == "image" else packed.channels(view.modality)
