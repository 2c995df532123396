"""What the stages share about data sets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.datasets import Dataset
from harness.data.manifest import Manifest
from harness.data.nuclei.folder import LABEL, MODALITY
from harness.data.views import View
from harness.errors import ConfigError, StoreError, did_you_mean
from harness.tracking.store import Store

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
    if not _is_here(data):
        return data if _is_expected(data) else None
    manifest = _manifest(data, folder)
    made_later = data.nuclei_run is not None and data.nuclei is None
    modalities = [*manifest.modalities, *([MODALITY] if made_later else [])]
    for view in views:
        _require("modality", view.modality, modalities, manifest.name)
    for label in labels:
        if label is not None:
            _require("label", label, [*manifest.labels, *([LABEL] if made_later else [])], manifest.name)
    return _pinned(data, folder)


def _is_here(data: Dataset) -> bool:
    """Whether its folders are on this machine."""
    places = [place for place in (data.root, data.nuclei) if place is not None]
    return all(Path(place).expanduser().exists() for place in places)


def _is_expected(data: Dataset) -> bool:
    """Whether the grid file says what must be found in its folders."""
    return data.digest is not None and (data.nuclei is None or data.nuclei_digest is not None)


def _require(kind: str, name: str, legal: Iterable[str], data: str) -> None:
    legal = list(legal)
    if name not in legal:
        raise ConfigError(f"the data set {data!r} has no {kind} {name!r}", legal=legal, mend=did_you_mean(name, legal))


@cache
def _manifest(data: Dataset, folder: Path) -> Manifest:
    """The manifest, read once for all runs of a plan."""
    return data.manifest(folder)


@cache
def _pinned(data: Dataset, folder: Path) -> Dataset:
    return data.pinned(folder)


def made_before(data: Dataset) -> tuple[str, ...]:
    """The key of the run that makes the data's nuclear masks, where the grid makes them."""
    return () if data.nuclei_run is None else (data.nuclei_run,)


def located(data: Dataset, store: Store) -> Dataset:
    """The data set with the folder of its nuclear masks, where a run of the store makes them.

    Raises:
        StoreError: That run has no result.
    """
    if data.nuclei_run is None:
        return data
    run = store.run(data.nuclei_run)
    result = run.result()
    if result is None:
        raise StoreError(f"{data.nuclei_run!r} has no result", mend="submit the grid that makes these masks")
    return data.model_copy(update={"nuclei": str((run.path / result.artifacts[MODALITY].path).parent)})


def train_samples(data: Dataset) -> int | None:
    """How many samples the training split has; None where the files are not on this machine."""
    return _train_samples(data) if Path(data.root).expanduser().exists() else None


@cache
def _train_samples(data: Dataset) -> int:
    return data.read().splits.count("train")


def in_features(packed: PackedSet, view: View) -> int:
    """What an encoder of a view is given: three channels, a single one being repeated, or a vector's length."""
    return RGB if packed.kind(view.modality) == "image" else packed.channels(view.modality)
