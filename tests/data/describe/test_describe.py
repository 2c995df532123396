from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.data.datasets import Dataset
from harness.data.datasets.folder import Folder
from harness.data.describe.duplicates import duplicates
from harness.data.describe.inspection import Inspection, inspect
from harness.data.describe.looking import look
from harness.data.describe.tally import NONE, tally
from support.images import edit_row, make_folder, save
from support.twins import make_twin, read_twin

SIDES = {"he": {"column": "he"}, "panck": {"column": "panck"}, "types": {"column": "panck", "resize": "nearest"}}


def folder(root: Path, size: int = 16) -> Dataset:
    return Folder(root=str(root), size=size)


def looked(root: Path, size: int = 16) -> Inspection:
    return inspect(folder(root, size))


def test_the_tally_is_a_slow_count(tmp_path: Path) -> None:
    root = make_folder(tmp_path, n=30)
    edit_row(root, 4, tissue="")
    manifest = folder(root).manifest()
    found = {(row.name, split): count for row in tally(manifest) for split, count in row.by_split.items()}
    label = manifest.labels["tissue"]
    for number, name in [*enumerate(label.classes), (-1, NONE)]:
        for split in ("train", "test"):
            pairs = zip(label.values.tolist(), manifest.splits, strict=True)
            assert found.get((name, split), 0) == sum(pair == (number, split) for pair in pairs)
    assert [row.name for row in tally(manifest)] == [*label.classes, NONE]


def test_a_class_without_patches_is_listed(tmp_path: Path) -> None:
    root = make_folder(tmp_path, n=4, groups=4)
    manifest = folder(root).manifest()
    manifest = replace(manifest, labels={"tissue": replace(manifest.labels["tissue"], values=np.zeros(4, np.int64))})
    assert {row.name: dict(row.by_split) for row in tally(manifest)}["stroma"] == {}
    assert any("class 'stroma' of 'tissue' has no patch in test" in line for line in looked(root).remarks)


def test_duplicates_are_told_by_their_splits() -> None:
    found = duplicates(list("abacbbdd"), ["train"] * 4 + ["test"] * 4)
    assert found.within == ((0, 2), (6, 7))
    assert found.across == ((1, 4, 5),)
    assert duplicates(list("abacbbdd"), ["train"] * 8, besides={0, 6}).within == ((1, 4, 5),)


def test_blank_images_and_types_are_no_duplicates(tmp_path: Path) -> None:
    root = make_folder(tmp_path, modalities=SIDES)
    for name in ("s0000", "s0003"):
        save(root / "panck" / f"{name}.png", np.zeros((16, 16), np.uint8))
    found = looked(root)
    assert found.faults == ()
    assert any("2 images of 'panck' have one value throughout: s0000, s0003" in line for line in found.remarks)


def test_maps_of_types_may_be_alike(tmp_path: Path) -> None:
    """Two patches may well have the same few nuclei, or none."""
    root = make_folder(tmp_path, modalities={name: SIDES[name] for name in ("he", "types")}, labels={})
    (root / "panck" / "s0003.png").write_bytes((root / "panck" / "s0000.png").read_bytes())
    assert looked(root).faults == ()


def test_the_same_patch_in_two_splits_is_a_fault(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    (root / "he" / "s0003.png").write_bytes((root / "he" / "s0000.png").read_bytes())
    assert looked(root).faults == ("1 images of 'he' are in two splits: s0000 = s0003",)


def test_rows_of_an_array_are_compared_too(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "conic", patches=24, sources=4)
    data = read_twin(root, "conic", complete=False)
    splits = data.manifest().splits
    images = np.load(root / "images.npy")
    names = (root / "patch_info.csv").read_text().split()[1:]
    ids = list(data.manifest().ids)
    test, train = (names.index(ids[splits.index(split)]) for split in ("test", "train"))
    images[test] = images[train]
    np.save(root / "images.npy", images)
    (fault,) = inspect(data).faults
    assert fault.startswith("1 images of 'he' are in two splits: ")
    assert names[test] in fault


def test_several_sizes_are_a_fault(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    save(root / "he" / "s0002.png", np.random.default_rng(0).integers(0, 9, (8, 8, 3)).astype(np.uint8))
    found = looked(root)
    assert found.sizes["he"] == {"16 x 16 px RGB": 11, "8 x 8 px RGB": 1}
    assert found.faults == (
        "the images of 'he' are of 2 sizes: 16 x 16 px RGB, 8 x 8 px RGB",
        "1 images of 'he' are smaller than the size 16 that is asked for",
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b"no image"), "cannot be read"),
        (lambda path: save(path, np.zeros((16, 8, 3), np.uint8)), "has 8 x 16 pixels"),
        (lambda path: save(path, np.zeros((16, 16, 4), np.uint8)), "has the mode RGBA"),
    ],
)
def test_every_image_that_cannot_be_used_is_found(tmp_path: Path, spoil: object, reason: str) -> None:
    root = make_folder(tmp_path)
    for name in ("s0002", "s0007"):
        spoil(root / "he" / f"{name}.png")  # type: ignore[operator]
    (fault,) = looked(root).faults
    assert fault.startswith("2 images of 'he' cannot be used: s0002, s0007; the first: ")
    assert reason in fault


def test_vectors_are_described_by_their_length(tmp_path: Path) -> None:
    assert looked(make_folder(tmp_path, vectors=3)).sizes["markers"] == {"3 numbers": 12}


def test_progress_comes_to_an_end(tmp_path: Path) -> None:
    root = make_folder(tmp_path, n=300)
    told: list[tuple[int, int]] = []
    look(folder(root).manifest(), lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {600}
    assert [done for done, _ in told] == [256, 300, 556, 600]
