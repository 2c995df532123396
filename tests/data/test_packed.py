from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.config.identity import digest
from harness.data.datasets.folder import Folder
from harness.data.pack import pack
from harness.data.packed import PackedSet, open_pack
from harness.data.subset import sample_keys
from harness.errors import ConfigError, DataError, StoreError
from support.images import edit_row, make_folder, packed_folder


@pytest.fixture
def packed(tmp_path: Path) -> PackedSet:
    return packed_folder(tmp_path, n=40, size=4, vectors=2)


def test_what_a_pack_says_of_itself(packed: PackedSet) -> None:
    assert len(packed) == 40
    assert np.array_equal(packed.keys, sample_keys(packed.ids.tolist()))
    assert (packed.kind("he"), packed.kind("markers")) == ("image", "vector")
    assert [packed.channels(name) for name in ("he", "panck", "markers")] == [3, 1, 2]
    assert (packed.size, packed.group_kind, packed.dropped) == (4, "patient", ())


def test_the_rows_cannot_be_written_to(packed: PackedSet) -> None:
    with pytest.raises(ValueError, match="read-only"):
        packed.array("he")[0] = 0


def test_rows_of_a_split(packed: PackedSet) -> None:
    train, test = packed.rows("train"), packed.rows("test")
    assert sorted([*train, *test]) == list(range(40))
    assert set(packed.splits[test]) == {"test"}
    assert not set(packed.groups[train]) & set(packed.groups[test])


def test_a_fraction_is_stratified_by_the_label(packed: PackedSet) -> None:
    values = packed.labels["tissue"].values
    every = np.bincount(values[packed.rows("train")])
    tenth = np.bincount(values[packed.rows("train", 0.1, "tissue")])
    assert tenth.tolist() == [-(-count // 10) for count in every]
    assert len(packed.rows("train", 0.1)) == 3, "without a label, of all 30 as one class"
    assert set(packed.rows("train", 0.1, "tissue")) <= set(packed.rows("train", 0.5, "tissue"))
    assert np.array_equal(packed.rows("train", 1.0, "tissue"), packed.rows("train"))


def test_patches_without_the_label_are_a_class_of_their_own(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", n=40, size=4)
    for row in range(0, 40, 2):
        edit_row(made, row, tissue="")
    packed = pack(Folder(root=str(made), size=4), tmp_path / "packs")
    values = packed.labels["tissue"].values
    rows = packed.rows("train", 0.5, "tissue")
    assert (values[rows] == -1).sum() == -(-(values[packed.rows("train")] == -1).sum() // 2)


@pytest.mark.parametrize(
    ("ask", "kind", "words"),
    [
        (lambda packed: packed.rows("val"), DataError, ["split 'val'", "is empty", "test, train"]),
        (lambda packed: packed.rows("train", 0.0), ConfigError, ["fraction 0.0", "above 0, at most 1"]),
        (
            lambda packed: packed.rows("train", 0.5, "tisue"),
            ConfigError,
            ["no label 'tisue'", "did you mean 'tissue'?"],
        ),
        (lambda packed: packed.array("HE"), ConfigError, ["no modality 'HE'", "he, panck, markers", "'tiny pairs'"]),
        (lambda packed: packed.statistics("pank"), ConfigError, ["no modality 'pank'", "did you mean 'panck'?"]),
    ],
)
def test_what_is_not_there(packed: PackedSet, ask: Callable[[PackedSet], Any], kind: type, words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        ask(packed)
    for word in words:
        assert word in str(caught.value)


def test_a_set_without_training_data_has_no_statistics(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path, n=4, size=4, groups=1, vectors=1)
    assert set(packed.splits) == {"test"}
    for name in ("he", "markers"):
        with pytest.raises(DataError, match="split 'train' of the data set 'tiny pairs' is empty"):
            packed.statistics(name)


def test_a_pack_travels_between_processes_without_its_pixels(packed: PackedSet) -> None:
    packed.array("he")
    sent = pickle.dumps(packed)
    assert len(sent) < 20_000
    assert np.array_equal(pickle.loads(sent).array("he"), packed.array("he"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("name", ["he.bin", "panck.bin", "markers.bin"])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [(flip, "was altered: its checksum does not fit"), (cut, "bytes, not"), (Path.unlink, "is not there")],
)
def test_a_spoilt_array_is_named(packed: PackedSet, name: str, spoil: Callable[[Path], None], words: str) -> None:
    spoil(packed.folder / name)
    with pytest.raises(StoreError) as caught:
        open_pack(packed.folder, verify=True)
    for word in (words, str(packed.folder / name), "packed anew"):
        assert word in str(caught.value)


def test_lengths_are_checked_at_every_opening(packed: PackedSet) -> None:
    cut(packed.folder / "he.bin")
    with pytest.raises(StoreError, match=r"he\.bin"):
        open_pack(packed.folder)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "is torn"),
        (lambda path: path.write_bytes(b""), "is torn"),
        (lambda path: path.write_bytes(b"[1]"), "is torn"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'"s0001"', b'"s0100"')), "was altered"),
        (Path.unlink, "cannot be read"),
    ],
)
def test_a_spoilt_index_is_named(packed: PackedSet, spoil: Callable[[Path], None], words: str) -> None:
    spoil(packed.folder / "index.json")
    with pytest.raises(StoreError, match=words) as caught:
        open_pack(packed.folder)
    assert str(packed.folder / "index.json") in str(caught.value)


def test_an_index_of_a_newer_harness_is_refused_by_name(packed: PackedSet) -> None:
    path = packed.folder / "index.json"
    path.write_text(json.dumps({"format": 2, "sha256": "", "arrays in another form": []}))
    with pytest.raises(StoreError) as caught:
        open_pack(packed.folder)
    assert "was written by a newer harness, format 2; this one reads 1" in str(caught.value)
    assert str(packed.folder) in str(caught.value)


def test_a_pack_of_other_data_is_refused(packed: PackedSet) -> None:
    assert open_pack(packed.folder, packed.digest).digest == packed.digest
    with pytest.raises(StoreError) as caught:
        open_pack(packed.folder, "0" * 64)
    for word in (packed.digest, "0" * 64, str(packed.folder)):
        assert word in str(caught.value)


def test_a_pack_whose_index_was_given_another_digest_is_refused(packed: PackedSet, tmp_path: Path) -> None:
    path = packed.folder / "index.json"
    stored = json.loads(path.read_text())
    stored["content"]["digest"] = "0" * 64
    stored["sha256"] = digest(stored["content"])
    path.write_text(json.dumps(stored))
    with pytest.raises(StoreError, match="holds data of the digest 0000"):
        pack(Folder(root=str(tmp_path / "pairs"), size=4), tmp_path / "packs")


def test_the_file_of_each_row_is_known_to_who_packed_it(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", vectors=2)
    (made / "he" / "s0004.png").write_bytes(b"")
    packed = pack(Folder(root=str(made), size=16, bad_images=0.1), tmp_path / "packs")
    names = [f"s{row:04d}" for row in range(12) if row != 4]
    assert packed.files("panck") == tuple(made / "panck" / f"{name}.png" for name in names)
    assert packed.files("markers") is None
    with pytest.raises(ConfigError, match="no modality 'HE'"):
        packed.files("HE")
    with pytest.raises(DataError, match="was opened without the manifest that knows its image files"):
        open_pack(packed.folder).files("panck")
