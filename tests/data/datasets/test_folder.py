from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.config.yaml import dump, parse
from harness.data.datasets import folder as layout
from harness.data.datasets.folder import Description, Folder
from harness.data.manifest import Manifest
from harness.errors import ConfigError, DataError, HarnessError
from support.images import edit_row, make_folder, read_rows, write_table


def manifest(root: Path, **settings: Any) -> Manifest:
    return Folder(root=str(root), size=16, **settings).manifest()


def describe(root: Path, **changes: Any) -> None:
    """Change keys of dataset.yaml."""
    path = root / "dataset.yaml"
    path.write_text(dump(parse(path.read_text(), str(path)) | changes))


def test_a_folder_is_read(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "a b 'c' %s", n=7, vectors=3)
    read = manifest(made)
    assert (read.name, read.synthetic, read.group_kind) == ("tiny pairs", True, "patient")
    assert read.ids == tuple(f"s{index:04d}" for index in range(7))
    assert read.groups == ("p00", "p01", "p02", "p03", "p00", "p01", "p02")
    assert [split for split in read.splits if split == "test"] == ["test"]
    assert read.modalities["he"].files == tuple(made / "he" / f"{name}.png" for name in read.ids)
    assert read.modalities["markers"].vectors is not None
    assert read.modalities["markers"].vectors.shape == (7, 3)
    assert read.labels["tissue"].values.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert read.labels["tissue"].derived_from == ("panck",)


def test_the_order_of_lines_further_columns_and_files_change_nothing(tmp_path: Path) -> None:
    made = make_folder(tmp_path, vectors=2)
    read = manifest(made)
    rows = read_rows(made / "manifest.csv")
    write_table(made / "manifest.csv", [{"more": "x", **row} for row in reversed(rows)])
    (made / "he" / "further.png").write_bytes(b"")
    assert manifest(made).ids == read.ids
    assert manifest(made).digest == read.digest


def test_rows_of_an_array_file_follow_the_table(tmp_path: Path) -> None:
    make_folder(tmp_path, n=3, groups=3)
    np.save(tmp_path / "genes.npy", np.array([[0.0], [1.0], [2.0]]))
    describe(tmp_path, modalities={"genes": {"kind": "vector", "file": "genes.npy"}}, labels={})
    write_table(tmp_path / "manifest.csv", read_rows(tmp_path / "manifest.csv")[::-1])
    vectors = manifest(tmp_path).modalities["genes"].vectors
    assert vectors is not None
    assert vectors.tolist() == [[2.0], [1.0], [0.0]], "the file's first row is the table's, which is s0002"


def test_without_a_group_every_patch_is_its_own(tmp_path: Path) -> None:
    make_folder(tmp_path, n=4, group={"kind": "patch"})
    rows = [{key: cell for key, cell in row.items() if key != "group"} for row in read_rows(tmp_path / "manifest.csv")]
    write_table(tmp_path / "manifest.csv", rows)
    assert manifest(tmp_path).groups == manifest(tmp_path).ids


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    read = manifest(make_folder(tmp_path))
    names = {"group": "patient", "split": "part"}
    rows = [{names.get(key, key): cell for key, cell in row.items()} for row in read_rows(tmp_path / "manifest.csv")]
    write_table(tmp_path / "manifest.csv", rows)
    describe(tmp_path, group={"kind": "patient", "column": "patient"}, split={"column": "part"})
    assert manifest(tmp_path).digest == read.digest


def test_a_pair_may_lack_a_label(tmp_path: Path) -> None:
    make_folder(tmp_path)
    edit_row(tmp_path, 4, tissue="")
    assert manifest(tmp_path).labels["tissue"].values[:6].tolist() == [0, 1, 2, 0, -1, 2]


def test_the_example_of_the_text_is_valid() -> None:
    assert layout.__doc__ is not None
    example = re.search(r"are::\n\n(.*?)\n\n`manifest", layout.__doc__, re.DOTALL)
    assert example is not None
    read = Description.model_validate(parse(example.group(1), "the example"))
    header = re.search(r"^    (id,.*)$", layout.__doc__, re.MULTILINE)
    assert header is not None
    assert set(header.group(1).split(",")) == read.columns


def broken(root: Path, what: str) -> None:
    """Spoil one thing of a good folder."""
    spoil = {
        "no file": lambda: (root / "panck" / "s0002.png").unlink(),
        "empty cell": lambda: edit_row(root, 2, panck=""),
        "label": lambda: edit_row(root, 2, tissue="Tumour"),
        "split": lambda: edit_row(root, 2, split="training"),
        "no split": lambda: edit_row(root, 2, split=""),
        "region on both sides": lambda: edit_row(root, 0, split="test"),
        "id": lambda: edit_row(root, 2, id="s0001"),
        "vector": lambda: edit_row(root, 2, markers="1 nan"),
        "large vector": lambda: edit_row(root, 2, markers="1 1e39"),
        "column": lambda: describe(root, modalities={"he": {"column": "hes"}}, labels={}),
        "derived": lambda: describe(
            root,
            labels={"t": {"column": "tissue", "classes": ["tumour", "stroma", "lymphoid"], "derived_from": ["HE"]}},
        ),
        "no rows": lambda: (root / "manifest.csv").write_text("id,group,split,he,panck,tissue,markers\n"),
        "no table": lambda: (root / "manifest.csv").unlink(),
        "no description": lambda: (root / "dataset.yaml").unlink(),
    }
    spoil[what]()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no file", ["1 of 12 samples have no image of the modality 'panck': s0002", "s0002.png' is not there"]),
        ("empty cell", ["1 of 12 samples have no image of the modality 'panck': s0002", "its cell is empty"]),
        ("label", ["'Tumour' is none of the classes", "line 4, column 'tissue'", "did you mean 'tumour'?"]),
        ("split", ["'training' is no split", "s0002", "train, val, test"]),
        ("no split", ["'' is no split", "s0002", "train, val, test"]),
        ("region on both sides", ["patient 'p00' is in two splits: 'test' and 'train'", "split by patient"]),
        ("id", ["1 ids stand more than once: s0001"]),
        ("vector", ["'markers' has values that are not finite for 1 samples: s0002"]),
        ("large vector", ["'markers' has values that are not finite for 1 samples: s0002", "range of float32"]),
        ("column", ["has no column 'hes'", "did you mean 'he'?"]),
        ("derived", ["derived from 'HE'", "he, panck"]),
        ("no rows", ["has no samples"]),
        ("no table", ["there is no file", "manifest.csv"]),
        ("no description", ["has no dataset.yaml", "dataset.yaml and manifest.csv", "data.root=PATH"]),
    ],
)
def test_what_is_wrong_with_a_folder_is_named(tmp_path: Path, what: str, words: list[str]) -> None:
    make_folder(tmp_path, vectors=2)
    broken(tmp_path, what)
    with pytest.raises(DataError) as caught:
        manifest(tmp_path)
    for word in [*words, str(tmp_path), "mend: "]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group": {"kind": "slide"}}, ["'group.kind'", "'region', 'patient' or 'patch'"]),
        ({"modalites": {}}, ["unknown key 'modalites'", "did you mean 'modalities'?"]),
        ({"modalities": {"he": {}}}, ["modalities.he", "takes 'column'"]),
        ({"modalities": {"he": {"column": "he", "file": "he.npy"}}}, ["modalities.he", "one of 'column' and 'file'"]),
        ({"modalities": {"he": {"file": "he.npy"}}}, ["modalities.he", "an image modality takes 'column'"]),
        (
            {"labels": {"t": {"column": "tissue", "classes": [0, 1], "derived_from": []}}},
            ["labels.t.classes.0", "string"],
        ),
        ({"labels": {"t": {"column": "tissue", "classes": ["a", "b"]}}}, ["labels.t.derived_from' is missing"]),
    ],
)
def test_what_is_wrong_with_a_description_is_named(tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    make_folder(tmp_path)
    describe(tmp_path, **changes)
    with pytest.raises(ConfigError) as caught:
        manifest(tmp_path)
    for word in [*words, "dataset.yaml"]:
        assert word in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for root, words in ((tmp_path / "none", "there is no folder"), (tmp_path / "file", "is a file, not a folder")):
        (tmp_path / "file").write_text("")
        with pytest.raises(DataError, match=words) as caught:
            manifest(root)
        assert "set data.root=PATH" in str(caught.value)
        assert str(root) in str(caught.value)


def test_data_that_are_not_the_planned_ones(tmp_path: Path) -> None:
    make_folder(tmp_path)
    planned = manifest(tmp_path).digest
    assert manifest(tmp_path, digest=planned).digest == planned
    edit_row(tmp_path, 0, tissue="stroma")
    with pytest.raises(DataError) as caught:
        manifest(tmp_path, digest=planned)
    for word in (manifest(tmp_path).digest, f"the planned one, {planned}", "data.digest", "plan anew"):
        assert word in str(caught.value)


@pytest.mark.parametrize("settings", [{"size": 0}, {"size": 16, "bad_images": 1.0}, {"size": 16, "bad_images": -0.1}])
def test_settings_outside_their_range(settings: dict[str, Any]) -> None:
    with pytest.raises((ValueError, HarnessError)):
        Folder(root=".", **settings)
