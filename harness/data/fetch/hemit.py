"""hemit_colon: registered patches of colon cancer, made from the images of the HEMIT project.

The project's repository holds 512 px crops of H&E (JPEG) and of four stains in one TIFF:
DAPI, CD3, CD20 and pan-cytokeratin. Forty regions of it with up to 25 crops each are
listed beside this file, with the split by region and a checksum of every file. A crop
is halved by averaging pixels; the shares of positive pixels are those of the
crop before, above .15 of the scale for a stain and above 220 in every channel for white.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.data.fetch.download import Remote, download
from harness.errors import DataError
from harness.files import naming_full_disk, sync_folder

COMMIT = "57f472dd5632316ef97e8fd017ac2ca6a1599676"
SOURCE = f"https://raw.githubusercontent.com/BianChang/Pix2pix_DualBranch/{COMMIT}/datasets/mihc_enhanced_220805"
CROPS = Path(__file__).with_name("hemit_crops.csv")
DIGEST = "d8edca579952bf5b7b999b6fbdc3b3de77a4a8f10faa1c90d76c023c5ba0002d"
"""Of the set that this makes at 256 px where Pillow's JPEG encoder is the one that made it first."""

SIDE = 256
STAINS = {"dapi": 0, "cd3": 1, "cd20": 2, "panck": 3}
KEPT = ("panck", "dapi", "cd3")
POSITIVE, WHITE = 38, 220
JPEG_QUALITY = 92
AT_ONCE = 8

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]
"""Told how many crops of how many are done."""


@dataclass(frozen=True)
class Crop:
    """A crop of the project's.

    Attributes:
        region: As the patch's name has it, r<x>_<y>.
        split: train or test, by region.
        number: Among the crops of the region.
        sha256: Of the H&E file and of the stains' file.
    """

    region: str
    split: str
    number: int
    sha256: tuple[str, str]

    @property
    def name(self) -> str:
        """The patch's name."""
        return f"{self.region}_{self.number:02d}"

    def remotes(self, base: str) -> tuple[Remote, Remote]:
        """The files of H&E and stains."""
        stem = f"{self.number}[{self.region[1:].replace('_', ',')}]"
        places = (f"trainA/{stem}.jpg", f"trainB/{stem}.tif")
        urls = (f"{base}/{quote(place)}" for place in places)
        names = (f"{self.name}.jpg", f"{self.name}.tif")
        he, stains = (
            Remote(name, url, f"sha256:{sha}") for name, url, sha in zip(names, urls, self.sha256, strict=True)
        )
        return he, stains


def crops(path: Path = CROPS) -> list[Crop]:
    """The crops that make the set."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        Crop(row["region"], row["split"], int(row["crop"]), (row["sha256_he"], row["sha256_stains"])) for row in rows
    ]


def make_hemit(
    target: Path, cache: Path, base: str = SOURCE, listed: Path = CROPS, progress: Progress | None = None
) -> bool:
    """Fetch the crops and make the folder that the data set `hemit` reads, whole or not at all.

    Args:
        target: The folder to make.
        cache: Where the downloaded files are kept; 870 MB.
        base: Where the project's images are published.
        listed: The table of crops.
        progress: Told after every crop.

    Returns:
        Whether this call made the folder; False where it was there.

    Raises:
        DataError: A file cannot be fetched, or is not the published one.
        DiskFullError: No room; no half folder is left.
    """
    if target.exists():
        return False
    temporary = target.with_name(f".{target.name}.tmp-{uuid.uuid4().hex[:8]}")
    with naming_full_disk(target):
        for part in ("he", *KEPT):
            (temporary / part).mkdir(parents=True)
        try:
            _write(temporary, crops(listed), partial(_patch, folder=temporary, cache=cache, base=base), progress)
            os.rename(temporary, target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return True


def _write(folder: Path, wanted: list[Crop], make: Callable[[Crop], dict[str, str]], progress: Progress | None) -> None:
    rows = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for row in pool.map(make, wanted):
            rows.append(row)
            if progress is not None:
                progress(len(rows), len(wanted))
    with open(folder / "patches.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _patch(crop: Crop, folder: Path, cache: Path, base: str) -> dict[str, str]:
    """Write one patch's images; returns its row of the table."""
    he_file, stains_file = (download(remote, cache) for remote in crop.remotes(base))
    he, stains = _pixels(he_file, 3), _pixels(stains_file, len(STAINS))
    _save(he, folder / "he" / f"{crop.name}.jpg", "JPEG", quality=JPEG_QUALITY, subsampling=0)
    for stain in KEPT:
        _save(stains[..., STAINS[stain]], folder / stain / f"{crop.name}.png", "PNG", optimize=True)
    shares = {f"frac_{stain}": _share(stains[..., channel] > POSITIVE) for stain, channel in STAINS.items()}
    shares["frac_white"] = _share(he.min(axis=-1) > WHITE)
    order = ("frac_panck", "frac_cd3", "frac_cd20", "frac_dapi", "frac_white")
    return {
        "name": crop.name,
        "region": crop.region,
        "split": crop.split,
        "tissue": _tissue(shares),
        **{column: str(shares[column]) for column in order},
    }


def _tissue(shares: dict[str, float]) -> str:
    if shares["frac_white"] > 0.5:
        return "background"
    if shares["frac_panck"] > 0.35:
        return "epithelium"
    return "lymphoid" if shares["frac_cd3"] + shares["frac_cd20"] > 0.05 else "stroma"


def _share(positive: NDArray[np.bool_]) -> float:
    return round(float(positive.mean()), 4)


def _pixels(path: Path, channels: int) -> Pixels:
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        pixels = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[2] != channels or len(pixels) != pixels.shape[1] or len(pixels) % SIDE:
        raise DataError(
            f"{str(path)!r} has the shape {pixels.shape}",
            legal=f"square images of {channels} channels whose side is a multiple of {SIDE}",
            mend="remove it and fetch again",
        )
    return pixels


def _save(pixels: Pixels, path: Path, form: str, **options: Any) -> None:
    """Halved by Pillow's box filter: first the width, then the height, halves rounded up in both."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.resize((SIDE, SIDE), Image.Resampling.BOX).save(path, form, **options)
