"""Packing: a data set's images and vectors as raw arrays that a step can index.

A pack is made once, whole or not at all (`once`). A file is decoded from the very
bytes whose hash is in the digest.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.config.identity import short_id
from harness.data.datasets import Dataset
from harness.data.hashes import num_threads
from harness.data.images import UnreadableImageError
from harness.data.index import write_index
from harness.data.manifest import Label, Manifest
from harness.data.once import once
from harness.data.packed import PackedSet, open_pack
from harness.data.reading import Sample, reader
from harness.data.tolerance import check_bad, check_dropped
from harness.data.writing import ImageWriter, write_vectors

AT_A_TIME = 64
"""Samples that are decoded before they are written: what bounds the memory."""

Progress = Callable[[int, int], None]
"""Told how many samples are done, and of how many."""


def pack(dataset: Dataset, cache: Path, *, verify: bool = False, progress: Progress | None = None) -> PackedSet:
    """The data set as arrays, made at the first call and opened at later ones.

    Args:
        dataset: What to pack; its manifest is read, and checked against the expected digest.
        cache: The folder of all packs.
        verify: Whether to compare every byte of an existing pack with its checksum.
        progress: Told after every few samples.

    Raises:
        DataError: The data are not what they should be.
        StoreError: The pack cannot be written, or an existing one is torn, altered or newer.
        DiskFullError: No room; nothing is left behind.
    """
    manifest = dataset.manifest(cache)
    folder = cache / _folder_name(dataset, manifest)
    once(folder, "pack", partial(_make, dataset, manifest, progress))
    packed = open_pack(folder, manifest.digest, verify)
    check_dropped(packed.dropped, len(manifest), dataset.bad_images)
    return replace(packed, manifest=manifest)


def _folder_name(dataset: Dataset, manifest: Manifest) -> str:
    """A readable part, and a hash of all that the pack's content follows from."""
    readable = re.sub(r"[^a-z0-9]+", "-", manifest.name.lower()).strip("-")[:40]
    described = [manifest.name, manifest.note, manifest.synthetic]
    return f"{readable or 'data'}-{dataset.size}px-{short_id([manifest.digest, dataset.size, described])}"


def _make(dataset: Dataset, manifest: Manifest, progress: Progress | None, folder: Path) -> None:
    folder.mkdir()
    write_index(folder, _content(dataset, manifest, folder, progress))


def _content(dataset: Dataset, manifest: Manifest, folder: Path, progress: Progress | None) -> dict[str, Any]:
    """Write the arrays and return what the index says of them."""
    kept, arrays = _write_images(dataset, manifest, folder, progress)
    rows, held = np.array(kept), set(kept)
    training = np.array(manifest.splits)[rows] == "train"
    for name, part in manifest.modalities.items():
        if part.vectors is not None:
            arrays[name] = write_vectors(folder, name, part.vectors[rows], training)
    return {
        "name": manifest.name,
        "note": manifest.note,
        "synthetic": manifest.synthetic,
        "digest": manifest.digest,
        "size": dataset.size,
        "group_kind": manifest.group_kind,
        "ids": [manifest.ids[row] for row in kept],
        "groups": [manifest.groups[row] for row in kept],
        "splits": [manifest.splits[row] for row in kept],
        "labels": {name: _label(label.take(rows)) for name, label in manifest.labels.items()},
        "arrays": {name: arrays[name] for name in manifest.modalities},
        "dropped": [name for row, name in enumerate(manifest.ids) if row not in held],
    }


def _write_images(
    dataset: Dataset, manifest: Manifest, folder: Path, progress: Progress | None
) -> tuple[list[int], dict[str, dict[str, Any]]]:
    """Write every image modality; returns the rows that were kept, and the index entries."""
    names = [name for name, part in manifest.modalities.items() if part.kind == "image"]
    kept: list[int] = []
    bad: list[str] = []
    with contextlib.ExitStack() as stack:
        writers = {name: stack.enter_context(ImageWriter(folder, name)) for name in names}
        for row, sample in enumerate(_samples(manifest, dataset.size)):
            if isinstance(sample, UnreadableImageError):
                bad.append(manifest.ids[row])
                check_bad(bad, len(manifest), dataset.bad_images, sample)
                continue
            kept.append(row)
            for name, image in sample.items():
                writers[name].append(image, manifest.splits[row] == "train")
            if progress is not None:
                progress(row + 1, len(manifest))
        return kept, {name: writer.finish() for name, writer in writers.items()}


def _samples(manifest: Manifest, size: int) -> Iterator[Sample]:
    """Every sample in order, decoded by as many threads as there are cores."""
    read = reader(manifest, size)
    with ThreadPoolExecutor(num_threads()) as pool:
        for rows in _batched(range(len(manifest)), AT_A_TIME):
            yield from pool.map(read, rows)


def _batched(items: Iterable[int], count: int) -> Iterator[list[int]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, count)):
        yield batch


def _label(label: Label) -> dict[str, Any]:
    return {
        "classes": list(label.classes),
        "values": label.values.tolist(),
        "derived_from": list(label.derived_from),
    }
