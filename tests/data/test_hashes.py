from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data import hashes
from harness.data.hashes import CACHE_NAME, array_hash, file_hashes, row_hashes
from harness.data.pixels import Pixels
from harness.errors import DataError


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files that have not changed for a minute."""
    made = [tmp_path / "sources" / name for name in ("a b.png", "ü.png", "c'%s.png")]
    made[0].parent.mkdir()
    for path in made:
        path.write_bytes(path.name.encode())
        age(path, 60)
    return made


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read, in order."""
    seen: list[Path] = []
    honest = hashes.sha256_of

    def counted(path: Path) -> str:
        seen.append(path)
        return honest(path)

    monkeypatch.setattr(hashes, "sha256_of", counted)
    return seen


def test_hashes_are_those_of_the_contents(files: list[Path]) -> None:
    assert file_hashes(files) == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_second_call_reads_nothing(files: list[Path], reads: list[Path], tmp_path: Path) -> None:
    first = file_hashes(files, tmp_path / "cache")
    assert sorted(reads) == sorted(files)
    reads.clear()
    assert file_hashes(files, tmp_path / "cache") == first
    assert reads == []


def test_a_changed_file_is_read_again(files: list[Path], reads: list[Path], tmp_path: Path) -> None:
    old = file_hashes(files, tmp_path)
    reads.clear()
    files[1].write_bytes(b"x" * files[1].stat().st_size)
    age(files[1], 30)
    new = file_hashes(files, tmp_path)
    assert reads == [files[1]]
    assert new[files[1]] != old[files[1]]


def test_a_file_of_just_now_is_not_remembered(files: list[Path], reads: list[Path], tmp_path: Path) -> None:
    """It may change again without its time of change showing it."""
    age(files[0], 0)
    file_hashes(files, tmp_path)
    reads.clear()
    file_hashes(files, tmp_path)
    assert reads == [files[0]]


def test_caches_of_several_sets_add_up(files: list[Path], reads: list[Path], tmp_path: Path) -> None:
    file_hashes(files[:1], tmp_path)
    file_hashes(files[1:], tmp_path)
    reads.clear()
    file_hashes(files, tmp_path)
    assert reads == []


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"a": 1}', '{"a": [1, 2]}'])
def test_a_torn_cache_is_made_again(files: list[Path], reads: list[Path], tmp_path: Path, torn: str) -> None:
    right = file_hashes(files, tmp_path)
    (tmp_path / CACHE_NAME).write_text(torn)
    assert file_hashes(files, tmp_path) == right
    reads.clear()
    file_hashes(files, tmp_path)
    assert reads == []


def test_a_missing_file_is_named(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png' cannot be read: No such file") as caught:
        file_hashes([*files, tmp_path / "gone.png"])
    assert "mend: restore the file" in str(caught.value)


def test_an_array_hash_is_of_type_shape_and_values() -> None:
    base = np.arange(6, dtype=np.float32).reshape(2, 3)
    others = [base.T, base.reshape(3, 2), base.astype(np.float64), base + 1]
    assert array_hash(np.asfortranarray(base)) == array_hash(base) == array_hash(base.astype(">f4"))
    assert len({array_hash(one) for one in [base, *others]}) == 5


@pytest.fixture
def array(tmp_path: Path) -> Path:
    """An array file that has not changed for a minute."""
    path = tmp_path / "images.npy"
    np.save(path, np.arange(5 * 4 * 4, dtype=np.uint8).reshape(5, 4, 4))
    age(path, 60)
    return path


def mapped(path: Path, **settings: Any) -> Pixels:
    return Pixels(np.load(path, mmap_mode="r"), path, **settings)


def test_hashes_of_rows_are_those_of_their_images(array: Path) -> None:
    expected = tuple(array_hash(row[..., None]) for row in np.load(array))
    assert row_hashes(mapped(array)) == expected
    assert row_hashes(mapped(array, order=np.array([4, 0]))) == (expected[4], expected[0])


def test_rows_are_remembered_whatever_their_order(array: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = row_hashes(mapped(array), tmp_path)
    monkeypatch.setattr(hashes, "array_hash", None)
    assert row_hashes(mapped(array), tmp_path) == first
    assert row_hashes(mapped(array, order=np.array([3, 1])), tmp_path) == (first[3], first[1])


def test_channels_are_remembered_apart(tmp_path: Path) -> None:
    np.save(tmp_path / "labels.npy", np.stack([np.zeros((2, 3, 3), np.int32), np.ones((2, 3, 3), np.int32)], axis=-1))
    age(tmp_path / "labels.npy", 60)
    found = [row_hashes(mapped(tmp_path / "labels.npy", channel=channel), tmp_path) for channel in (0, 1, 0)]
    assert found[0] == found[2] != found[1]


def test_a_changed_array_is_read_again(array: Path, tmp_path: Path) -> None:
    old = row_hashes(mapped(array), tmp_path)
    np.save(array, np.arange(1, 81, dtype=np.uint8).reshape(5, 4, 4))
    age(array, 30)
    new = row_hashes(mapped(array), tmp_path)
    assert not set(old) & set(new)


def test_an_array_that_is_gone_is_named(array: Path, tmp_path: Path) -> None:
    pixels = mapped(array)
    array.unlink()
    with pytest.raises(DataError, match=r"images\.npy' cannot be read: No such file"):
        row_hashes(pixels, tmp_path)
