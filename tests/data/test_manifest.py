from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.manifest import Label, Manifest, Modality
from harness.errors import DataError


@pytest.fixture
def made(tmp_path: Path) -> Manifest:
    return manifest(tmp_path)


def manifest(folder: Path, **changes: Any) -> Manifest:
    """Four samples of two groups with an image and a vector each; the digest reads the files and decodes nothing."""
    files = []
    for index in range(4):
        files.append(folder / f"{index}.png")
        files[-1].write_bytes(b"image %d" % index)
    parts: dict[str, Any] = {
        "name": "four",
        "ids": ("a", "b", "c", "d"),
        "groups": ("g1", "g1", "g2", "g2"),
        "group_kind": "patient",
        "splits": ("train", "train", "test", "test"),
        "modalities": {
            "he": Modality("he", "image", files=tuple(files)),
            "genes": Modality("genes", "vector", vectors=np.arange(8, dtype=np.float32).reshape(4, 2)),
        },
        "labels": {"tissue": Label("tissue", ("x", "y"), np.array([0, 1, -1, 0]), ("he",))},
    }
    return Manifest(**parts | changes)


def test_the_digest_is_what_it_always_was(made: Manifest) -> None:
    assert made.digest == "0f1ae6e0e0651245ce2e3097f578aa4c6f109c7855e249760d5d0ad9be53f6ea"


def test_the_digest_knows_no_path_name_or_note(made: Manifest, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(tmp_path, tmp_path / "else where %s"))
    renamed = [Path(shutil.move(elsewhere / f"{index}.png", elsewhere / f"renamed {index}")) for index in range(4)]
    there = made.modalities | {"he": Modality("he", "image", files=tuple(renamed))}
    assert replace(made, modalities=there, name="other", note="n", synthetic=True).digest == made.digest


def changed_label(**changes: Any) -> Callable[[Manifest], Manifest]:
    return lambda old: replace(old, labels={"tissue": replace(old.labels["tissue"], **changes)})


def changed_vector(old: Manifest) -> Manifest:
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    vectors[3, 1] = np.nextafter(np.float32(7), np.float32(8))
    return replace(old, modalities=old.modalities | {"genes": Modality("genes", "vector", vectors=vectors)})


def changed_resize(old: Manifest) -> Manifest:
    return replace(old, modalities=old.modalities | {"he": replace(old.modalities["he"], resize="nearest")})


@pytest.mark.parametrize(
    "change",
    [
        lambda old: replace(old, ids=("a", "b", "c", "e")),
        lambda old: replace(old, groups=("g1", "g1", "g2", "g3")),
        lambda old: replace(old, group_kind="region"),
        lambda old: replace(old, splits=("train", "train", "val", "val")),
        lambda old: replace(old, labels={}),
        changed_label(values=np.array([0, 1, -1, 1])),
        changed_label(classes=("x", "z")),
        changed_label(derived_from=("genes",)),
        changed_vector,
        changed_resize,
    ],
)
def test_the_digest_follows_every_part(made: Manifest, change: Callable[[Manifest], Manifest]) -> None:
    assert change(made).digest != made.digest


def test_the_digest_follows_the_bytes_of_a_file(made: Manifest, tmp_path: Path) -> None:
    before = made.digest
    (tmp_path / "2.png").write_bytes(b"image X")
    assert replace(made).digest != before


def test_the_digest_follows_which_file_is_whose(made: Manifest) -> None:
    files = made.modalities["he"].files
    assert files is not None
    swapped = Modality("he", "image", files=(files[1], files[0], *files[2:]))
    assert replace(made, modalities=made.modalities | {"he": swapped}).digest != made.digest


def test_a_missing_file_is_named(made: Manifest, tmp_path: Path) -> None:
    os.remove(tmp_path / "1.png")
    with pytest.raises(DataError, match=r"1\.png' cannot be read: No such file"):
        _ = made.digest


def vector(values: Any) -> dict[str, Modality]:
    return {"genes": Modality("genes", "vector", vectors=np.array(values, dtype=np.float32))}


FINE = [[0.0, 1.0]] * 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ids": ("a", "b", "a", "b")}, ["2 ids stand more than once: a, b", "its own id"]),
        ({"ids": ("a", "", "c", "d")}, ["sample 2 has an empty id"]),
        ({"ids": ()}, ["has no samples"]),
        ({"groups": ("g1", "g1", "g2")}, ["list of groups has 3 entries for 4 samples"]),
        ({"groups": ("g1", "g1", "", "")}, ["sample 'c' has no patient"]),
        ({"splits": ("train", "train", "tset", "tset")}, ["'tset' is no split", "where: c", "train, val, test"]),
        ({"splits": ("train", "train", "", "")}, ["'' is no split", "train, val, test"]),
        (
            {"splits": ("train", "test", "test", "test")},
            ["patient 'g1' is in two splits: 'train' and 'test'", "split by"],
        ),
        ({"group_kind": "slide"}, ["'slide' is no kind of group", "region, patient, patch"]),
        ({"modalities": {}, "labels": {}}, ["no modality"]),
        ({"modalities": {"../x": Modality("../x", "vector")}, "labels": {}}, ["modality '../x' has 0 entries"]),
        ({"modalities": vector(FINE[:3]), "labels": {}}, ["modality 'genes' has 3 entries for 4 samples"]),
        (
            {"modalities": vector([[0, 1], [np.nan, 1], [0, np.inf], [0, 1]]), "labels": {}},
            ["finite for 2 samples: b, c"],
        ),
        ({"modalities": vector([1, 2, 3, 4]), "labels": {}}, ["shape (4,)", "(samples, features)"]),
        (
            {"labels": {"t": Label("t", ("x", "y"), np.array([0, 1, 2, 0]))}},
            ["'t' has the value 2", "where: c", "0 to 1"],
        ),
        ({"labels": {"t": Label("t", ("x", "y"), np.array([0, -2, 1, 0]))}}, ["'t' has the value -2", "where: b"]),
        ({"labels": {"t": Label("t", ("x", "x"), np.zeros(4, int))}}, ["classes ('x', 'x')", "each once"]),
        ({"labels": {"t": Label("t", ("x",), np.zeros(4, int))}}, ["classes ('x',)", "two or more"]),
        ({"labels": {"t": Label("t", ("x", "y"), np.zeros(3, int))}}, ["label 't' has 3 entries"]),
        ({"labels": {"t": Label("t", ("x", "y"), np.zeros(4, int), ("HE",))}}, ["derived from 'HE'", "he, genes"]),
        ({"labels": {"a b": Label("a b", ("x", "y"), np.zeros(4, int))}}, ["'a b' is no name for a label", "letters"]),
    ],
)
def test_what_does_not_fit_together_is_an_error(tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        manifest(tmp_path, **changes)
    for word in words:
        assert word in str(caught.value)


def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    vectors = np.zeros((4, 1), np.float32)
    with pytest.raises(DataError, match=r"'\.\./x' is no name for a modality"):
        manifest(tmp_path, modalities={"../x": Modality("../x", "vector", vectors=vectors)}, labels={})


def test_labels_of_some_samples(made: Manifest) -> None:
    taken = made.labels["tissue"].take(np.array([3, 1]))
    assert taken.values.tolist() == [0, 1]
    assert taken.classes == ("x", "y")
    assert taken.derived_from == ("he",)
