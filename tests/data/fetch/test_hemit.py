"""hemit_colon from crops of the project's layout: halving, shares and classes against plain formulas."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.data.datasets.hemit import COUNTS, Hemit
from harness.data.fetch.hemit import crops, make_hemit
from harness.errors import DataError
from support.images import read_rows
from support.web import serving

RNG = np.random.default_rng(0)
NAMES = [("r1_2", "train", 1), ("r1_2", "train", 2), ("r30_4", "test", 11)]


def encoded(pixels: np.ndarray, form: str, **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels, "CMYK" if pixels.shape[2] == 4 else "RGB").save(content, form, **options)
    return content.getvalue()


@pytest.fixture(scope="module")
def stains() -> list[np.ndarray]:
    return [(RNG.random((512, 512, 4)) ** 3 * 90).astype(np.uint8) for _ in NAMES]


@pytest.fixture(scope="module")
def files(stains: list[np.ndarray]) -> dict[str, bytes]:
    found = {}
    for (region, _, number), pixels in zip(NAMES, stains, strict=True):
        stem = f"{number}[{region[1:].replace('_', ',')}]"
        he = np.full((512, 512, 3), 100 + 70 * (number == 11) * 2, np.uint8)
        found[f"trainA/{stem}.jpg"] = encoded(he, "JPEG", quality=95)
        found[f"trainB/{stem}.tif"] = encoded(pixels, "TIFF")
    return found


@pytest.fixture
def listed(tmp_path: Path, files: dict[str, bytes]) -> Path:
    shas = [hashlib.sha256(content).hexdigest() for content in files.values()]
    lines = [f"{region},{split},{number}" for region, split, number in NAMES]
    rows = [",".join([line, *shas[2 * row : 2 * row + 2]]) for row, line in enumerate(lines)]
    path = tmp_path / "crops.csv"
    path.write_text("\n".join(["region,split,crop,sha256_he,sha256_stains", *rows]) + "\n")
    return path


def test_the_folder_is_what_the_data_set_reads(
    tmp_path: Path, files: dict[str, bytes], listed: Path, stains: list[np.ndarray]
) -> None:
    with serving(files) as site:
        assert make_hemit(tmp_path / "hemit", tmp_path / "cache", site.url, listed)
    rows = {row["name"]: row for row in read_rows(tmp_path / "hemit" / "patches.csv")}
    assert list(rows) == ["r1_2_01", "r1_2_02", "r30_4_11"]
    for name, pixels in zip(rows, stains, strict=True):
        for channel, stain in enumerate(("dapi", "cd3", "cd20", "panck")):
            assert float(rows[name][f"frac_{stain}"]) == round(float((pixels[..., channel] > 38).mean()), 4)
        made = np.asarray(Image.open(tmp_path / "hemit" / "cd3" / f"{name}.png"))
        narrow = (pixels[:, ::2, 1].astype(int) + pixels[:, 1::2, 1] + 1) // 2
        assert np.array_equal(made, (narrow[::2] + narrow[1::2] + 1) // 2)
    assert rows["r30_4_11"]["frac_white"] == "1.0"
    assert rows["r30_4_11"]["tissue"] == "background"
    assert rows["r1_2_01"]["tissue"] != "background"
    read = Hemit(root=str(tmp_path / "hemit"), size=64, complete=False).manifest()
    assert read.splits == ("train", "train", "test")


def test_nothing_half_made_is_left(tmp_path: Path, files: dict[str, bytes], listed: Path) -> None:
    broken = {name: content for name, content in files.items() if "30,4" not in name or name.endswith(".jpg")}
    with serving(broken) as site, pytest.raises(DataError, match="404"):
        make_hemit(tmp_path / "made" / "hemit", tmp_path / "cache", site.url, listed)
    assert list((tmp_path / "made").iterdir()) == []
    with serving(files) as site:
        assert make_hemit(tmp_path / "made" / "hemit", tmp_path / "cache", site.url, listed)
        assert [path for path, _ in site.asked] == ["trainB/11[30,4].tif"]
        assert not make_hemit(tmp_path / "made" / "hemit", tmp_path / "cache", site.url, listed)


def test_the_list_is_that_of_the_whole_sample() -> None:
    found = crops()
    assert len({crop.name for crop in found}) == len(found) == COUNTS["patches"]
    splits = {crop.region: crop.split for crop in found}
    assert len(splits) == COUNTS["regions"]
    assert sum(crop.split == "train" for crop in found) == COUNTS["train patches"]
    assert {len(sha) for crop in found for sha in crop.sha256} == {64}
