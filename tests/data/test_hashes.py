from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest

from harness.data import hashes
from harness.data.hashes import CACHE_NAME, array_hash, file_hashes
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
