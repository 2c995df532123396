from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.datasets import conic as layout
from harness.data.datasets.conic import CLASSES, Conic
from harness.data.manifest import Manifest
from harness.data.pack import pack
from harness.errors import DataError
from support.images import edit_row, read_rows, write_table
from support.twins import make_twin


def read(root: Path, **settings: Any) -> Manifest:
    return Conic.model_validate({"root": str(root), "size": 16, "complete": False} | settings).manifest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_twin(tmp_path / "data", "conic", patches=60, sources=12)


def test_rows_are_patches(root: Path, tmp_path: Path) -> None:
    packed = pack(Conic(root=str(root), size=16, complete=False), tmp_path / "packs")
    names = [row["patch_info"] for row in read_rows(root / "patch_info.csv")]
    images, labels = np.load(root / "images.npy"), np.load(root / "labels.npy")
    assert names != sorted(names), "the file's order is not that of the ids"
    assert packed.ids.tolist() == sorted(names)
    rows = [names.index(name) for name in packed.ids.tolist()]
    assert np.array_equal(packed.array("he"), images[rows])
    assert np.array_equal(packed.array("nuclei")[..., 0], labels[rows, ..., 1])
    assert packed.groups.tolist() == [name.split("-")[0] for name in packed.ids.tolist()]
    assert (packed.name, packed.group_kind, packed.synthetic) == ("conic", "region", True)


def test_the_label_is_the_commonest_type(root: Path) -> None:
    found = read(root)
    counts = {
        name["patch_info"]: [int(row[kind.lower()]) for kind in CLASSES]
        for name, row in zip(read_rows(root / "patch_info.csv"), read_rows(root / "counts.csv"), strict=True)
    }
    expected = [counts[name].index(max(counts[name])) if any(counts[name]) else -1 for name in found.ids]
    assert found.labels["cell"].values.tolist() == expected
    assert set(expected) == {-1, *range(6)}
    assert found.labels["cell"].classes == (
        "Neutrophil", "Epithelial", "Lymphocyte", "Plasma", "Eosinophil", "Connective",
    )  # fmt: skip
    assert found.labels["cell"].derived_from == ("nuclei",)


def test_ties_go_to_the_lowest_type(root: Path) -> None:
    name = read_rows(root / "patch_info.csv")[3]["patch_info"]
    edit_row(root, 3, "counts.csv", **(dict.fromkeys([kind.lower() for kind in CLASSES], "2") | {"neutrophil": "1"}))
    found = read(root)
    assert found.labels["cell"].values[found.ids.index(name)] == 1


def test_whole_sources_are_tested(root: Path) -> None:
    found = read(root)
    of_source = {
        group: {split for g, split in zip(found.groups, found.splits, strict=True) if g == group}
        for group in found.groups
    }
    assert all(len(splits) == 1 for splits in of_source.values())
    assert found.splits.count("test") == 10, "two sources of five: the first brings 5 of the 6 that are a tenth"


def test_the_split_by_source_does_not_follow_the_rows(root: Path) -> None:
    before = read(root).digest
    for name in ("images.npy", "labels.npy"):
        np.save(root / name, np.load(root / name)[::-1])
    for name in ("counts.csv", "patch_info.csv"):
        write_table(root / name, read_rows(root / name)[::-1])
    assert read(root).digest == before


def test_a_tenth_of_the_patches_as_the_authors_had_it(root: Path) -> None:
    found = read(root, split="patch")
    assert (found.group_kind, found.groups) == ("patch", found.ids)
    assert found.splits.count("test") == 6
    assert (
        len({group.split("-")[0] for group, split in zip(found.groups, found.splits, strict=True) if split == "test"})
        > 2
    )
    assert layout._splits([str(number) for number in range(4981)], root).count("test") == 499


def test_a_source_may_be_large(tmp_path: Path) -> None:
    splits = layout._splits(["a"] * 50 + ["b"] * 2 + ["c"] * 2, tmp_path)
    assert set(splits) == {"train", "test"}
    assert all(len(set(part)) == 1 for part in (splits[:50], splits[50:52], splits[52:]))


def test_the_arrays_are_not_read_before_they_are_needed(root: Path) -> None:
    found = Conic(root=str(root), size=16, complete=False).read()
    for part in found.modalities.values():
        assert part.pixels is not None
        assert isinstance(part.pixels.array, np.memmap)


def change(name: str, how: Callable[[Any], Any]) -> Callable[[Path], None]:
    return lambda root: np.save(root / name, how(np.load(root / name)))


def cut(name: str, keep: slice) -> Callable[[Path], None]:
    return lambda root: write_table(root / name, read_rows(root / name)[keep])


def cell(name: str, **cells: str) -> Callable[[Path], None]:
    return lambda root: edit_row(root, 4, name, **cells)


def archive(root: Path) -> None:
    np.savez(root / "images.npz", np.zeros(3))
    (root / "images.npz").rename(root / "images.npy")


BAD: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "fewer images": (
        change("images.npy", lambda array: array[:59]),
        ["unequal lengths: images.npy 59, labels.npy 60, counts.csv 60, patch_info.csv 60", "one release"],
    ),
    "fewer counts": (cut("counts.csv", slice(7)), ["counts.csv 7"]),
    "fewer names": (cut("patch_info.csv", slice(1, None)), ["patch_info.csv 59"]),
    "float images": (
        change("images.npy", lambda array: array / np.float32(255)),
        ["images.npy' holds float32 values of shape (60, 16, 16, 3)", "uint8 of shape (N, side, side, 3)"],
    ),
    "float labels": (
        change("labels.npy", lambda array: array.astype(np.float64)),
        ["labels.npy' holds float64", "whole numbers of shape (N, side, side, 2)"],
    ),
    "one channel": (change("labels.npy", lambda array: array[..., 1]), ["of shape (60, 16, 16)"]),
    "not square": (change("images.npy", lambda array: array[:, :8]), ["of shape (60, 8, 16, 3)"]),
    "type 7": (change("labels.npy", lambda array: seven(array)), ["row 4 of", "pixels from", "to 7", "0 to 6"]),
    "no array": (lambda root: (root / "images.npy").write_bytes(b"NUMPY"), ["images.npy' cannot be read as an array"]),
    "no file": (
        lambda root: (root / "labels.npy").unlink(),
        ["labels.npy' cannot be read as an array: ", "No such file"],
    ),
    "archive": (archive, ["images.npy' holds no values"]),
    "no column": (
        lambda root: write_table(root / "counts.csv", [{"neutrophils": "1"}]),
        ["has no column 'neutrophil'", "there are neutrophils", "did you mean 'neutrophils'?"],
    ),
    "half a nucleus": (cell("counts.csv", plasma="1.5"), ["1.5", "line 6", "whole numbers from 0"]),
    "less than none": (cell("counts.csv", plasma="-1"), ["-1.0", "counts.csv, line 6"]),
    "two columns": (
        lambda root: write_table(root / "patch_info.csv", [{"a": "1", "b": "2"}]),
        ["has 2 columns: a, b", "one, the patches' names"],
    ),
    "a name twice": (cell("patch_info.csv", patch_info="consep_1-0000"), ["more than once: consep_1-0000"]),
    "one source": (
        lambda root: write_table(root / "patch_info.csv", [{"n": f"a-{row}"} for row in range(60)]),
        ["of one source, 'a'", "data.split=patch"],
    ),
}


def seven(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array[4, 0, 0, 1] = 7
    return array


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_named(root: Path, what: str) -> None:
    spoil, words = BAD[what]
    spoil(root)
    with pytest.raises(DataError) as caught:
        _ = read(root).digest
    for word in [*words, "mend: "]:
        assert word in str(caught.value)


def test_a_part_is_told_from_the_whole(root: Path) -> None:
    with pytest.raises(DataError, match="the set has 60 patches") as caught:
        read(root, complete=True)
    for word in ("legal: the published 4981", "data.complete=false", str(root)):
        assert word in str(caught.value)


def test_the_share_of_each_source_is_what_its_rows_are(root: Path) -> None:
    assert set(Counter(read(root).groups).values()) == {5}


def test_the_share_of_ties_is_told(root: Path) -> None:
    rows = read_rows(root / "counts.csv")
    for number, cells in enumerate(rows):
        cells.update(dict.fromkeys(cells, "0"), lymphocyte="3", plasma="3" if number < 15 else "1")
    write_table(root / "counts.csv", rows)
    assert "a tie in 25.0% of the patches" in read(root).note
