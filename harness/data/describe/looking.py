"""Every image of a data set decoded once: native sizes, what is unreadable, what is of one value throughout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from harness.data.hashes import num_threads
from harness.data.manifest import Manifest, Modality
from harness.data.reading import native_image
from harness.errors import DataError

AT_A_TIME = 256
"""Samples between two reports of progress."""

Progress = Callable[[int, int], None]
"""Told how many images are done, and of how many."""

Seen = tuple[tuple[int, ...], bool] | str
"""An image's native shape (H, W, C) and whether it is blank, or why it cannot be used."""


@dataclass
class Look:
    """What was seen.

    Attributes:
        sizes: By modality, how many images have each native shape (H, W, C).
        unfit: The sample, modality and reason of every image that cannot be used.
        blank: By modality, the samples whose image has one value throughout.
    """

    sizes: dict[str, Counter[tuple[int, ...]]] = field(default_factory=dict)
    unfit: list[tuple[int, str, str]] = field(default_factory=list)
    blank: dict[str, set[int]] = field(default_factory=dict)

    def add(self, row: int, modality: str, seen: Seen) -> None:
        """Note one image."""
        if isinstance(seen, str):
            self.unfit.append((row, modality, seen))
            return
        shape, is_blank = seen
        self.sizes[modality][shape] += 1
        if is_blank:
            self.blank[modality].add(row)

    def passed_over(self, modality: str) -> set[int]:
        """The samples whose image cannot be told from others: it is blank, or cannot be used."""
        return self.blank[modality] | {row for row, name, _ in self.unfit if name == modality}


def look(manifest: Manifest, progress: Progress) -> Look:
    """Decode every image of a manifest, by as many threads as there are cores."""
    found = Look()
    images = [part for part in manifest.modalities.values() if part.kind == "image"]
    for place, part in enumerate(images):
        found.sizes[part.name], found.blank[part.name] = Counter(), set()
        for row, seen in enumerate(_seen(manifest, part)):
            found.add(row, part.name, seen)
            if (row + 1) % AT_A_TIME == 0 or row + 1 == len(manifest):
                progress(place * len(manifest) + row + 1, len(images) * len(manifest))
    return found


def _seen(manifest: Manifest, part: Modality) -> Iterator[Seen]:
    hashes = manifest.image_hashes[part.name]

    def one(row: int) -> Seen:
        try:
            image = native_image(part, row, hashes[row])
        except DataError as error:
            return error.what
        return image.shape, bool((image == image[0, 0]).all())

    with ThreadPoolExecutor(num_threads()) as pool:
        for start in range(0, len(manifest), AT_A_TIME):
            yield from pool.map(one, range(start, min(start + AT_A_TIME, len(manifest))))
