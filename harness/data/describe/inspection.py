"""A data set looked at from end to end: what it holds, what is wrong with it, what a reader should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from harness.data.checks import SPLITS, shown
from harness.data.datasets import Dataset
from harness.data.describe.duplicates import Duplicates, duplicates
from harness.data.describe.looking import Look, Progress, look
from harness.data.describe.tally import NONE, ClassCount, tally
from harness.data.manifest import Manifest


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        name: The data set.
        digest: Of its manifest.
        synthetic: Whether a program made it.
        patches: How many.
        splits: How many in each split that has any.
        group_kind: region, patient or patch.
        groups: How many of them.
        sizes: By modality, how many patches have each native size, in words; vectors by their features.
        counts: Patches of each class in each split.
        faults: What is wrong.
        remarks: What is not wrong and yet to be known.
    """

    name: str
    digest: str
    synthetic: bool
    patches: int
    splits: Mapping[str, int]
    group_kind: str
    groups: int
    sizes: Mapping[str, Mapping[str, int]]
    counts: tuple[ClassCount, ...]
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def inspect(dataset: Dataset, progress: Progress = lambda done, total: None) -> Inspection:
    """Read everything that a data set has.

    Args:
        dataset: The data set.
        progress: Told now and then how many images are done.

    Raises:
        DataError: The set cannot be described at all: its table, its folders, its groups or splits are wrong.
    """
    manifest = dataset.manifest()
    counted = Counter(manifest.splits)
    seen = look(manifest, progress)
    twice = {
        name: duplicates(manifest.image_hashes[name], manifest.splits, seen.passed_over(name))
        for name in seen.sizes
        if manifest.modalities[name].resize == "area"
    }
    return Inspection(
        name=manifest.name,
        digest=manifest.digest,
        synthetic=manifest.synthetic,
        patches=len(manifest),
        splits={split: counted[split] for split in SPLITS if split in counted},
        group_kind=manifest.group_kind,
        groups=len(set(manifest.groups)),
        sizes=_sizes(manifest, seen),
        counts=tuple(tally(manifest)),
        faults=(*_image_faults(manifest, dataset.size, seen), *_leaks(manifest, twice)),
        remarks=tuple(_remarks(manifest, seen, twice)),
    )


def _sizes(manifest: Manifest, seen: Look) -> dict[str, dict[str, int]]:
    vectors = {
        name: {f"{part.vectors.shape[1]} numbers": len(part)}
        for name, part in manifest.modalities.items()
        if part.vectors is not None
    }
    images = {
        name: {_worded(shape): count for shape, count in sizes.most_common()} for name, sizes in seen.sizes.items()
    }
    return {name: (images | vectors)[name] for name in manifest.modalities}


def _worded(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{width} x {height} px {'grey' if channels == 1 else 'RGB'}"


def _image_faults(manifest: Manifest, size: int, seen: Look) -> Iterator[str]:
    for name, sizes in seen.sizes.items():
        unfit = [(row, reason) for row, where, reason in seen.unfit if where == name]
        if unfit:
            listed = shown(manifest.ids[row] for row, _ in unfit)
            yield f"{len(unfit)} images of {name!r} cannot be used: {listed}; the first: {unfit[0][1]}"
        if len(sizes) > 1:
            yield f"the images of {name!r} are of {len(sizes)} sizes: {', '.join(map(_worded, sizes))}"
        small = sum(count for shape, count in sizes.items() if shape[0] < size)
        if small:
            yield f"{small} images of {name!r} are smaller than the size {size} that is asked for"


def _leaks(manifest: Manifest, twice: Mapping[str, Duplicates]) -> Iterator[str]:
    for name, found in twice.items():
        if found.across:
            listed = shown(" = ".join(manifest.ids[row] for row in rows) for rows in found.across)
            yield f"{len(found.across)} images of {name!r} are in two splits: {listed}"


def _remarks(manifest: Manifest, seen: Look, twice: Mapping[str, Duplicates]) -> Iterator[str]:
    for name, found in twice.items():
        yield from _remarks_on(manifest, name, found, seen.blank[name])
    for row in tally(manifest):
        lacking = [split for split in SPLITS if split in manifest.splits and not row.by_split.get(split)]
        if lacking and row.name != NONE:
            yield f"the class {row.name!r} of {row.label!r} has no patch in {' and '.join(lacking)}"


def _remarks_on(manifest: Manifest, name: str, found: Duplicates, blank: Collection[int]) -> Iterator[str]:
    """What is odd about the images of one modality."""
    if found.within:
        listed = shown(" = ".join(manifest.ids[row] for row in rows) for rows in found.within)
        yield f"{len(found.within)} images of {name!r} stand more than once within a split: {listed}"
    if blank:
        listed = shown(manifest.ids[row] for row in sorted(blank))
        yield f"{len(blank)} images of {name!r} have one value throughout: {listed}"
