from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.data.checks import check
from harness.data.datasets import Dataset
from harness.data.hashes import row_hashes
from harness.data.manifest import Manifest, Modality
from harness.data.pack import pack
from harness.data.pixels import Pixels
from harness.data.resize import area_resized
from harness.errors import DataError

IDS = ("a", "b", "c", "d")
ARRAY = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 3), dtype=np.uint8)


def manifest(pixels: Pixels, **changes: Any) -> Manifest:
    he = Modality("he", "image", pixels=pixels)
    return Manifest("four", IDS, IDS, "patch", ("train",) * 4, {"he": he}, {}, **changes)


def saved(folder: Path, array: np.ndarray[Any, Any] = ARRAY, **settings: Any) -> Pixels:
    """The array, mapped from a file."""
    np.save(folder / "images.npy", array)
    return Pixels(np.load(folder / "images.npy", mmap_mode="r"), folder / "images.npy", **settings)


class Four(Dataset):
    """A data set of an array, without a name: no catalogue has it."""

    order: tuple[int, ...] | None = None

    def read(self) -> Manifest:
        order = None if self.order is None else np.array(self.order)
        array = np.load(self.folder / "images.npy", mmap_mode="r")
        return manifest(Pixels(array, self.folder / "images.npy", order))


@pytest.mark.parametrize(
    ("array", "channel", "shape"),
    [(ARRAY, None, (6, 6, 3)), (ARRAY[..., 0], None, (6, 6, 1)), (ARRAY.astype(np.uint16), 1, (6, 6, 1))],
)
def test_an_image_is_its_row(array: np.ndarray[Any, Any], channel: int | None, shape: tuple[int, ...]) -> None:
    pixels = Pixels(array, order=np.array([2, 0]), channel=channel)
    wanted = array if channel is None else array[..., channel]
    assert len(pixels) == 2
    assert pixels.shape == pixels.image(0).shape == shape
    assert pixels.image(0).dtype == np.uint8
    assert np.array_equal(pixels.image(0).reshape(wanted[2].shape), wanted[2])
    assert np.array_equal(pixels.image(1).reshape(wanted[0].shape), wanted[0])


def test_rows_are_packed_as_files_are(tmp_path: Path) -> None:
    saved(tmp_path)
    packed = pack(Four(root=str(tmp_path), size=4), tmp_path / "packs")
    expected = np.stack([area_resized(image, 4) for image in ARRAY])
    assert np.array_equal(packed.array("he"), expected)
    assert packed.files("he") is None
    backwards = pack(Four(root=str(tmp_path), size=4, order=(3, 2, 1, 0)), tmp_path / "packs")
    assert np.array_equal(backwards.array("he"), expected[::-1])
    assert backwards.digest != packed.digest


def test_the_digest_is_of_the_rows_and_of_nothing_else(tmp_path: Path) -> None:
    first = manifest(Pixels(ARRAY)).digest
    assert manifest(saved(tmp_path)).digest == first, "neither of the file"
    assert manifest(Pixels(ARRAY[::-1], order=np.array([3, 2, 1, 0]))).digest == first, "nor of the order in it"
    assert manifest(Pixels(np.asfortranarray(ARRAY))).digest == first
    changed = ARRAY.copy()
    changed[3, 5, 5, 2] ^= 1
    others = [
        manifest(Pixels(changed)),
        manifest(Pixels(ARRAY, order=np.array([1, 0, 2, 3]))),
        replace(
            manifest(Pixels(ARRAY)), modalities={"he": Modality("he", "image", None, None, "nearest", Pixels(ARRAY))}
        ),
    ]
    assert len({first, *(other.digest for other in others)}) == 4


def test_grey_images_need_no_axis_for_their_channel() -> None:
    assert manifest(Pixels(ARRAY[..., 0])).digest == manifest(Pixels(ARRAY[..., :1])).digest


def test_the_same_bytes_in_another_shape_are_other_images() -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(1, 4, 12)
    hashes = {row_hashes(Pixels(grey.reshape(1, side, -1, 3 if side == 4 else 1))) for side in (4, 6)}
    assert len(hashes) == 2


def test_the_digest_of_rows_is_what_it_always_was() -> None:
    array = np.arange(4 * 2 * 2, dtype=np.uint8).reshape(4, 2, 2)
    assert manifest(Pixels(array)).digest == "721c5942d42c2281f1cfc83d2fa6028eb1703baa8a4b9495a5999dded4858366"


def test_rows_that_changed_since_the_plan_are_not_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path)
    monkeypatch.setattr(Manifest, "image_hashes", {"he": ("0" * 64,) * 4})
    with pytest.raises(
        DataError, match=r"row 0 of '.*images\.npy' is not the one that the data's digest was made from"
    ):
        pack(Four(root=str(tmp_path), size=4), tmp_path / "packs")


def test_a_size_beyond_the_rows_names_the_array(tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(
        DataError, match=r"the image row 0 of '.*images\.npy' has sides of 6 px, fewer than data\.size 8"
    ):
        pack(Four(root=str(tmp_path), size=8), tmp_path / "packs")


@pytest.mark.parametrize("largest", [6, 255])
def test_a_type_that_is_none_is_named(tmp_path: Path, largest: int) -> None:
    types = np.zeros((4, 6, 6, 2), np.uint16)
    types[2, 1, 1, 1] = largest + 1
    pixels = saved(tmp_path, types, channel=1, largest=largest)
    with pytest.raises(DataError) as caught:
        _ = manifest(pixels).digest
    for word in (f"row 2 of '{tmp_path}/images.npy' has pixels from 0 to {largest + 1}", f"legal: 0 to {largest}"):
        assert word in str(caught.value)
    assert Pixels(types, channel=0).image(2).max() == 0, "the other channel is no matter"


@pytest.mark.parametrize(
    ("array", "channel"),
    [
        (ARRAY.astype(np.uint16), None),
        (ARRAY.astype(np.float32), 1),
        (ARRAY[:, :4], None),
        (ARRAY[..., :2], None),
        (ARRAY[0], 1),
        (ARRAY, 3),
    ],
)
def test_an_array_that_holds_no_images_is_named(array: np.ndarray[Any, Any], channel: int | None) -> None:
    with pytest.raises(DataError) as caught:
        manifest(Pixels(np.resize(array, (4, *array.shape[1:])), Path("/data/x.npy"), channel=channel))
    for word in ("the images of the modality 'he'", str(array.dtype), "'/data/x.npy'"[1:-1], "uint8 of shape"):
        assert word in str(caught.value)


def test_as_many_rows_as_samples() -> None:
    with pytest.raises(DataError, match="modality 'he' has 3 entries for 4 samples"):
        manifest(Pixels(ARRAY[:3]))


def test_files_or_an_array_and_not_both() -> None:
    both = Modality("he", "image", files=(Path("x"),) * 4, pixels=Pixels(ARRAY))
    with pytest.raises(AssertionError, match="files or an array, not both"):
        check(replace(manifest(Pixels(ARRAY)), modalities={"he": both}))


def test_a_pack_of_rows_and_files_together(tmp_path: Path) -> None:
    """Each modality has its own form; the error that compares native sizes knows both."""
    files = []
    for name, image in zip(IDS, ARRAY, strict=True):
        files.append(tmp_path / f"{name}.png")
        Image.fromarray(image).save(files[-1])
    made = manifest(Pixels(ARRAY))
    both = replace(made, modalities={**made.modalities, "again": Modality("again", "image", tuple(files))})
    assert [both.modalities["he"].origin(1), both.modalities["again"].origin(1)] == [
        "row 1 of the array",
        repr(str(tmp_path / "b.png")),
    ]
