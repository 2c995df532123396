"""Image files: those of a folder, and those of a modality, where every sample must have one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.data.checks import shown
from harness.data.manifest import Modality, Resize
from harness.errors import DataError

SUFFIXES = (".jpeg", ".jpg", ".png", ".tif", ".tiff")


def images_in(folder: Path) -> dict[str, Path]:
    """The image files that lie directly in a folder, by their names without suffix, in order; none where it is not.

    Raises:
        DataError: Two names differ in their suffix alone.
    """
    names = sorted(entry.name for entry in os.scandir(folder)) if folder.is_dir() else []
    found: dict[str, Path] = {}
    for name in names:
        stem, suffix = os.path.splitext(name)
        if suffix.lower() not in SUFFIXES:
            continue
        if stem in found:
            raise DataError(
                f"{found[stem].name!r} and {name!r} differ in their suffix alone",
                where=str(folder),
                legal="one image of a name: which of two would count?",
                mend="remove one of them",
            )
        found[stem] = folder / name
    return found


def image_modality(name: str, ids: Sequence[str], files: Sequence[Path | None], resize: Resize = "area") -> Modality:
    """An image modality of files that are all there; one listing a folder, not one look a file.

    Args:
        name: The modality.
        ids: The samples.
        files: Their files, None where a sample names none.
        resize: See `Modality`.

    Raises:
        DataError: Samples have no file: their pair has one side only.
    """
    listings: dict[Path, set[str]] = {}
    there = [file for file in files if file is not None and file.name in _listing(file.parent, listings)]
    if len(there) == len(files):
        return Modality(name, "image", tuple(there), resize=resize)
    kept = set(there)
    missing = [(sample, file) for sample, file in zip(ids, files, strict=True) if file not in kept]
    sample, file = missing[0]
    listed = shown(one for one, _ in missing)
    raise DataError(
        f"{len(missing)} of {len(ids)} samples have no image of the modality {name!r}: {listed}",
        where=f"sample {sample!r}: " + (f"{str(file)!r} is not there" if file else "its cell is empty"),
        legal="a file for every sample and modality",
        mend="restore the files, or take these samples out of the table",
    )


def _listing(folder: Path, listings: dict[Path, set[str]]) -> set[str]:
    if folder not in listings:
        try:
            listings[folder] = {entry.name for entry in os.scandir(folder)}
        except OSError:
            listings[folder] = set()
    return listings[folder]
