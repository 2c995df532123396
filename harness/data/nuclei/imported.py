"""Masks of a data set's patches out of the files that a segmentation tool left."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.data.checks import shown
from harness.data.manifest import Manifest
from harness.data.nuclei.folder import SEGMENTED, PatchNuclei, side_of, write_nuclei
from harness.data.nuclei.formats import FORMATS
from harness.data.nuclei.outlines import patch_of
from harness.errors import ConfigError, DataError, did_you_mean
from harness.files import read_text

Progress = Callable[[int, int], None]
"""Told how many patches of how many are done."""


def import_nuclei(
    manifest: Manifest, left: Path, form: str, scale: float, folder: Path, progress: Progress | None = None
) -> float:
    """Make a folder of masks; returns the share of patches whose commonest type is a tie.

    A patch's file has the name of its H&E image and the suffix `.json`, anywhere below
    `left`.

    Args:
        manifest: The patches.
        left: The folder of the tool's files.
        form: One of `formats.FORMATS`.
        scale: The side of the images that the tool saw over that of the patches.
        folder: To make.
        progress: Told after every patch.

    Raises:
        ConfigError: There is no such format.
        DataError: Patches have no file, or a file is not in that format.
        DiskFullError: No room.
    """
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}", legal=FORMATS, mend=did_you_mean(form, FORMATS))
    files = _files(manifest, left)
    patches = _patches(manifest, files, form, scale, progress)
    return write_nuclei(folder, patches, {"format": form, "scale": scale})


def stem_of(manifest: Manifest, sample: int) -> str:
    """The name under which tools know a patch: that of its H&E image's file, without its suffix."""
    files = manifest.modalities[SEGMENTED].files
    return files[sample].stem if files is not None else manifest.ids[sample]


def _files(manifest: Manifest, left: Path) -> list[Path]:
    found: dict[str, Path] = {}
    for place, _, names in os.walk(left):
        for name in names:
            if name.endswith(".json") and found.setdefault(name[:-5], Path(place, name)) != Path(place, name):
                raise DataError(
                    f"two files are named {name!r}", where=str(left), mend="import folders of equal names one by one"
                )
    stems = [stem_of(manifest, sample) for sample in range(len(manifest))]
    missing = [stem for stem in stems if stem not in found]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(stems)} patches have no file: {shown(missing)}",
            where=str(left),
            legal="NAME.json for every H&E image NAME",
            mend="run the tool on all patches, or import a data set without these",
        )
    return [found[stem] for stem in stems]


def _patches(
    manifest: Manifest, files: list[Path], form: str, scale: float, progress: Progress | None
) -> Iterator[PatchNuclei]:
    part = manifest.modalities[SEGMENTED]
    for sample, path in enumerate(files):
        nuclei = FORMATS[form](read_text(path), str(path))
        yield patch_of(manifest.ids[sample], nuclei, side_of(part, sample), scale)
        if progress is not None:
            progress(sample + 1, len(files))
