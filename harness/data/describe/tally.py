"""How many patches of each class each split has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.data.checks import NO_LABEL
from harness.data.manifest import Manifest

NONE = "(none)"


@dataclass(frozen=True)
class ClassCount:
    """One class of a label.

    Attributes:
        label: The label.
        name: The class; `NONE` for patches without one.
        by_split: Patches in each split that has any.
    """

    label: str
    name: str
    by_split: Mapping[str, int]


def tally(manifest: Manifest) -> list[ClassCount]:
    """Every class of every label, in order; patches without a class last, where there are any."""
    return [row for name in manifest.labels for row in _of_label(manifest, name)]


def _of_label(manifest: Manifest, name: str) -> Iterator[ClassCount]:
    label = manifest.labels[name]
    met = Counter(zip(label.values.tolist(), manifest.splits, strict=True))
    for number, title in [*enumerate(label.classes), (NO_LABEL, NONE)]:
        by_split = {split: count for (value, split), count in met.items() if value == number}
        if by_split or number != NO_LABEL:
            yield ClassCount(name, title, by_split)
