"""Pairs to measure on: synthetic patches in files, two colour images a pair."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image

from harness.config.yaml import dump
from harness.data.datasets.folder import DESCRIPTION, TABLE, Folder
from harness.data.layouts.making.paint import Painter
from harness.files import write_atomic

SIDES = ("he", "second")
GROUNDS = ((214, 176, 205), (196, 160, 214))
WEIGHTS = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
QUALITY = 95


def written_pairs(folder: Path, pairs: int, size: int, suffix: str = ".jpg") -> Folder:
    """The pairs in a folder, written where they are not there yet, as a data set.

    Args:
        folder: Of this number, size and kind alone.
        pairs: How many.
        size: Side of the images in px.
        suffix: Of the files: .jpg (quality 95), or .png or .tif, which lose nothing.
    """
    place = folder / f"pairs-{pairs}-{size}px{suffix}"
    if not (place / DESCRIPTION).exists():
        _write(place, pairs, size, suffix)
    return Folder(root=str(place), size=size)


def _write(place: Path, pairs: int, size: int, suffix: str) -> None:
    """Images and table first, the description last: a folder with one is whole."""
    painter = Painter(0, size)
    rows = []
    for number in range(pairs):
        name = f"{number:06d}"
        drawn = painter.patch(number, WEIGHTS)
        for side, ground in zip(SIDES, GROUNDS, strict=True):
            path = place / side / f"{name}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(drawn.he(ground))
            image.save(path, quality=QUALITY)
        rows.append([name, "train", *(f"{side}/{name}{suffix}" for side in SIDES)])
    with open(place / TABLE, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "split", *SIDES], *rows])
    described = {
        "name": "benchmark pairs",
        "synthetic": True,
        "group": {"kind": "patch"},
        "modalities": {side: {"column": side} for side in SIDES},
    }
    write_atomic(place / DESCRIPTION, dump(described))
