from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from harness.data.datasets.folder import Folder
from harness.data.loaders.dali import DaliLoader
from harness.data.pack import pack
from harness.data.packed import PackedSet, open_pack
from harness.data.source import Source
from harness.errors import DataError
from support.images import edit_row, make_folder, save

CPU = torch.device("cpu")
SIDES = {"he": {"column": "he"}, "panck": {"column": "panck", "resize": "nearest"}}
SOURCES = [Source("he"), Source("panck")]
pytestmark = pytest.mark.dali


def loaded(packed: PackedSet, rows: np.ndarray) -> list[np.ndarray]:
    (batch,) = DaliLoader().build(packed, SOURCES, CPU)([rows])
    return [array.numpy() for array in batch.arrays]


def check(packed: PackedSet) -> None:
    rows = np.arange(len(packed))[::-1].copy()
    for array, name in zip(loaded(packed, rows), ("he", "panck"), strict=True):
        assert np.array_equal(array, packed.array(name)[rows])


@pytest.mark.parametrize("size", [16, 8, 7])
def test_larger_files_are_made_smaller_as_in_the_pack(tmp_path: Path, size: int) -> None:
    made = make_folder(tmp_path / "pairs", n=9, modalities=SIDES)
    check(pack(Folder(root=str(made), size=size), tmp_path / "packs"))


def test_rows_are_the_packs_where_samples_were_dropped(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", n=12)
    (made / "he" / "s0004.png").write_bytes(b"")
    packed = pack(Folder(root=str(made), size=16, bad_images=0.1), tmp_path / "packs")
    assert len(packed) == 11
    check(packed)


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def gamma() -> PngInfo:
    info = PngInfo()
    info.add(b"gAMA", (22727).to_bytes(4, "big"))
    return info


LOSSLESS: dict[str, tuple[str, dict[str, Any]]] = {
    "TIFF": ("tif", {}),
    "TIFF, LZW": ("tif", {"compression": "tiff_lzw"}),
    "TIFF, deflate": ("tif", {"compression": "tiff_adobe_deflate"}),
    "BMP": ("bmp", {}),
    "PNG that says it is turned": ("png", {"exif": turned()}),
    "PNG with a gamma": ("png", {"pnginfo": gamma()}),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_pixels_are_taken_as_they_are_stored(tmp_path: Path, kind: str) -> None:
    suffix, settings = LOSSLESS[kind]
    made = make_folder(tmp_path / "pairs", n=6)
    for row in range(6):
        image = Image.open(made / "he" / f"s{row:04d}.png")
        image.save(made / "he" / f"t{row}.{suffix}", **settings)
        edit_row(made, row, he=f"he/t{row}.{suffix}")
    check(pack(Folder(root=str(made), size=16), tmp_path / "packs"))


def test_a_jpeg_is_nearly_the_packs(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", n=6, size=32)
    for row in range(6):
        smooth = Image.open(made / "he" / f"s{row:04d}.png").resize((4, 4)).resize((32, 32))
        smooth.save(made / "he" / f"t{row}.jpg", quality=90)
        edit_row(made, row, he=f"he/t{row}.jpg")
    packed = pack(Folder(root=str(made), size=32), tmp_path / "packs")
    array, _ = loaded(packed, np.arange(6))
    assert np.abs(array.astype(int) - packed.array("he")).max() <= 4


def test_a_pack_without_its_manifest_is_refused(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    folder = pack(Folder(root=str(made), size=16), tmp_path / "packs").folder
    with pytest.raises(DataError, match="was opened without the manifest that knows its image files") as caught:
        DaliLoader().build(open_pack(folder), SOURCES, CPU)
    assert "mend: open it through its data set, with `pack`" in str(caught.value)


def test_files_that_changed_since_are_named(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    packed = pack(Folder(root=str(made), size=16), tmp_path / "packs")
    image = made / "he" / "s0004.png"
    save(image, np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DataError, match=r"s0004\.png' is 8 x 8 px now, with 3 channels"):
        loaded(packed, np.arange(6))
    image.write_bytes(b"no image")
    with pytest.raises(DataError, match="DALI cannot decode an image") as caught:
        loaded(packed, np.arange(6))
    assert "or take loader: torch, which reads the pack" in str(caught.value)
    image.unlink()
    with pytest.raises(DataError, match=r"s0004\.png' cannot be read: No such file") as caught:
        loaded(packed, np.arange(6))


def test_vectors_alone_need_no_pipeline(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", vectors=3)
    packed = pack(Folder(root=str(made), size=16), tmp_path / "packs")
    (batch,) = DaliLoader().build(packed, [Source("markers")], CPU)([np.array([3, 1])])
    assert np.array_equal(batch.arrays[0].numpy(), packed.array("markers")[[3, 1]])
