"""What must hold of a manifest, and the error for each thing that may not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.pixels import check_pixels
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.manifest import Label, Manifest, Modality

NO_LABEL = -1
GROUP_KINDS = ("region", "patient", "patch")
SPLITS = ("train", "val", "test")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
SHOWN = 5


def check(manifest: Manifest) -> None:
    """Check a manifest as a whole.

    Raises:
        DataError: Of the first thing that is wrong: no samples, an id twice, lists of
            unequal length, an unknown split or kind of group, a group in two splits, a
            modality without data, a vector that is not finite, a label outside its classes.
    """
    _check_ids(manifest.ids)
    _check_lengths(manifest)
    _check_words(manifest.splits, SPLITS, "split", manifest.ids)
    _check_words([manifest.group_kind], GROUP_KINDS, "kind of group", [manifest.name])
    _check_groups(manifest)
    if not manifest.modalities:
        raise DataError(f"the data set {manifest.name!r} has no modality", mend="describe at least one")
    for part in manifest.modalities.values():
        _check_modality(part, manifest.ids)
    for label in manifest.labels.values():
        _check_label(label, manifest)


def shown(items: Iterable[object]) -> str:
    """The first few items as text, and how many more there are."""
    listed = [str(item) for item in items]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _check_ids(ids: Sequence[str]) -> None:
    if not ids:
        raise DataError("the data set has no samples", mend="check its table: it has a header and nothing else")
    if "" in ids:
        raise DataError(f"sample {ids.index('') + 1} has an empty id", mend="give every sample an id")
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"{len(twice)} ids stand more than once: {shown(twice)}", mend="give every sample its own id")


def _check_lengths(manifest: Manifest) -> None:
    for what, length in _lengths(manifest):
        if length != len(manifest):
            raise DataError(
                f"{what} has {length} entries for {len(manifest)} samples", mend="give one entry for every sample"
            )


def _lengths(manifest: Manifest) -> Iterator[tuple[str, int]]:
    yield "the list of groups", len(manifest.groups)
    yield "the list of splits", len(manifest.splits)
    yield from ((f"modality {name!r}", len(part)) for name, part in manifest.modalities.items())
    yield from ((f"label {name!r}", len(label.values)) for name, label in manifest.labels.items())


def _check_words(found: Sequence[str], legal: Sequence[str], what: str, ids: Sequence[str]) -> None:
    for word, name in zip(found, ids, strict=True):
        if word not in legal:
            raise DataError(f"{word!r} is no {what}", where=name, legal=legal, mend="use one of the legal words")


def _check_groups(manifest: Manifest) -> None:
    if "" in manifest.groups:
        sample = manifest.ids[manifest.groups.index("")]
        raise DataError(f"the sample {sample!r} has no {manifest.group_kind}", mend="name its group")
    splits_of: dict[str, list[str]] = {}
    for group, split in zip(manifest.groups, manifest.splits, strict=True):
        splits_of.setdefault(group, []).append(split)
    torn = {group: list(dict.fromkeys(splits)) for group, splits in splits_of.items() if len(set(splits)) > 1}
    if torn:
        (group, (one, other, *_)), *others = torn.items()
        more = f"; so are {len(others)} more: {shown(name for name, _ in others)}" if others else ""
        raise DataError(
            f"the {manifest.group_kind} {group!r} is in two splits: {one!r} and {other!r}{more}",
            legal=f"all samples of a {manifest.group_kind} in one split",
            mend=f"split by {manifest.group_kind}: patches of one are alike, and a test on them would flatter",
        )


def _check_modality(part: Modality, ids: Sequence[str]) -> None:
    _check_name(part.name, "modality")
    if part.kind == "vector":
        assert part.vectors is not None
        assert part.vectors.dtype == np.float32
        _check_vectors(part.name, part.vectors, ids)
    else:
        assert (part.files is None) != (part.pixels is None), "an image modality has files or an array, not both"
    if part.pixels is not None:
        check_pixels(part.name, part.pixels)


def _check_vectors(name: str, vectors: NDArray[np.float32], ids: Sequence[str]) -> None:
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise DataError(
            f"modality {name!r} has the shape {vectors.shape}", legal="(samples, features)", mend="give a row a sample"
        )
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        listed = shown(ids[row] for row in bad.tolist())
        raise DataError(
            f"modality {name!r} has values that are not finite for {len(bad)} samples: {listed}",
            legal="finite numbers within the range of float32",
            mend="fill the missing values in, or take these samples out of the data set",
        )


def _check_label(label: Label, manifest: Manifest) -> None:
    _check_name(label.name, "label")
    if len(label.classes) < 2 or len(set(label.classes)) < len(label.classes):
        raise DataError(
            f"label {label.name!r} has the classes {label.classes}", legal="two or more, each once", mend="correct them"
        )
    for name in label.derived_from:
        if name not in manifest.modalities:
            raise DataError(
                f"label {label.name!r} is derived from {name!r}, which is no modality of {manifest.name!r}",
                legal=manifest.modalities,
                mend="name the modalities that the label was computed from",
            )
    outside = np.flatnonzero((label.values < NO_LABEL) | (label.values >= len(label.classes)))
    if len(outside):
        raise DataError(
            f"label {label.name!r} has the value {label.values[outside[0]]}",
            where=manifest.ids[outside[0]],
            legal=f"0 to {len(label.classes) - 1}, or {NO_LABEL} for none",
            mend="number the classes in the order in which they are listed",
        )


def _check_name(name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        raise DataError(
            f"{name!r} is no name for a {what}",
            legal="letters, digits, '_' and '-', first a letter or digit",
            mend=f"rename the {what}",
        )
