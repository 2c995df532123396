"""Tiny data sets on disk: the `folder` layout, and a small twin of the HEMIT sample.

Their images are noise whose brightness follows the class, so a probe has something
to learn; the second modality shows it more plainly than the first.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.config.yaml import dump
from harness.data.datasets.folder import Folder
from harness.data.pack import pack
from harness.data.packed import PackedSet

CLASSES = ("tumour", "stroma", "lymphoid")


def make_folder(
    root: Path, n: int = 12, size: int = 16, *, groups: int = 4, vectors: int = 0, seed: int = 0, **about: Any
) -> Path:
    """Write a set in the `folder` layout: he (RGB), panck (grey) and, with `vectors`, markers.

    Args:
        root: The folder to make.
        n: Number of pairs; row i has the id ``s{i:04d}``, class i mod 3 and group i mod `groups`.
        size: Side of the images in px.
        groups: Number of patients; the last quarter, at least one, is the test split.
        vectors: Length of the vector modality, 0 for none.
        seed: Of the pixels.
        about: Keys of dataset.yaml to put in or replace.
    """
    rng = np.random.default_rng(seed)
    rows = [_row(index, groups, vectors, rng) for index in range(n)]
    for index, row in enumerate(rows):
        save(root / row["he"], pixels(rng, (size, size, 3), 40 * (index % 3)))
        save(root / row["panck"], pixels(rng, (size, size), 80 * (index % 3)))
    write_table(root / "manifest.csv", rows)
    modalities: dict[str, Any] = {"he": {"column": "he"}, "panck": {"column": "panck"}}
    if vectors:
        modalities["markers"] = {"kind": "vector", "column": "markers"}
    described: dict[str, Any] = {
        "name": "tiny pairs",
        "synthetic": True,
        "note": "noise, made by a test",
        "group": {"kind": "patient"},
        "modalities": modalities,
        "labels": {"tissue": {"column": "tissue", "classes": list(CLASSES), "derived_from": ["panck"]}},
    }
    (root / "dataset.yaml").write_text(dump(described | about))
    return root


def _row(index: int, groups: int, vectors: int, rng: np.random.Generator) -> dict[str, str]:
    group = index % groups
    name = f"s{index:04d}"
    markers = {"markers": " ".join(f"{value:.4f}" for value in rng.normal(size=vectors))} if vectors else {}
    return {
        "id": name,
        "group": f"p{group:02d}",
        "split": "test" if group >= groups - max(1, groups // 4) else "train",
        "he": f"he/{name}.png",
        "panck": f"panck/{name}.png",
        "tissue": CLASSES[index % 3],
    } | markers


def make_hemit(root: Path, n: int = 24, size: int = 16, *, regions: int = 4, seed: int = 0) -> Path:
    """Write a small twin of the HEMIT sample; it is read with ``complete=False``.

    Args:
        root: The folder to make.
        n: Number of patches.
        size: Side of the images in px.
        regions: Number of regions; the last quarter, at least one, is the test split.
        seed: Of the pixels and the shares of positive pixels.
    """
    rng = np.random.default_rng(seed)
    rows = [_patch(index, regions, rng) for index in range(n)]
    for row in rows:
        save(root / "he" / f"{row['name']}.jpg", pixels(rng, (size, size, 3), 60))
        for marker in ("panck", "dapi", "cd3"):
            level = int(120 * float(row[f"frac_{marker}"]))
            save(root / marker / f"{row['name']}.png", pixels(rng, (size, size), level))
    write_table(root / "patches.csv", rows)
    return root


def _patch(index: int, regions: int, rng: np.random.Generator) -> dict[str, str]:
    region = index % regions
    share = {name: round(float(rng.uniform(0, top)), 4) for name, top in SHARES.items()}
    return {
        "name": f"r{region}_{index:02d}",
        "region": f"r{region}",
        "split": "test" if region >= regions - max(1, regions // 4) else "train",
        "tissue": tissue(share),
    } | {name: str(value) for name, value in share.items()}


SHARES = {"frac_panck": 0.7, "frac_cd3": 0.1, "frac_cd20": 0.04, "frac_dapi": 0.5, "frac_white": 0.6}


def tissue(share: Mapping[str, float]) -> str:
    """The rule by which the sample of HEMIT was given its classes."""
    if share["frac_white"] > 0.5:
        return "background"
    if share["frac_panck"] > 0.35:
        return "epithelium"
    return "lymphoid" if share["frac_cd3"] + share["frac_cd20"] > 0.05 else "stroma"


def pixels(rng: np.random.Generator, shape: Sequence[int], level: int) -> NDArray[np.uint8]:
    """Noise of 0..99 above a level."""
    return (rng.integers(0, 100, tuple(shape)) + level).astype(np.uint8)


def save(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an image, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows as a CSV table; the first row's keys are the header."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV table."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def edit_row(root: Path, row: int, table: str = "manifest.csv", **cells: str) -> None:
    """Replace cells of one row of a data set's table."""
    rows = read_rows(root / table)
    rows[row].update(cells)
    write_table(root / table, rows)


def packed_folder(root: Path, n: int = 12, size: int = 16, **more: Any) -> PackedSet:
    """A packed set of `make_folder`, under `root`, which it fills."""
    made = make_folder(root / "pairs", n, size, **more)
    return pack(Folder(root=str(made), size=size), root / "packs")
