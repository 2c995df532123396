"""Archives: a folder is there whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harness.data.fetch.archive import unpack
from harness.errors import DataError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for name in ("SET/ADI/1.tif", "SET/ADI/2.tif", "SET/TUM/1.tif", "README", "SETTER/x"):
            opened.writestr(name, name * 1000)
    return path


def test_one_folder_is_taken_out(archive: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    target = tmp_path / "made" / "SET"
    assert unpack(archive, Path("SET"), target, lambda done, total: seen.append((done, total)))
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*.tif")) == [
        "ADI/1.tif",
        "ADI/2.tif",
        "TUM/1.tif",
    ]
    assert (target / "TUM/1.tif").read_text() == "SET/TUM/1.tif" * 1000
    assert seen[-1] == (3, 3)
    assert [path.name for path in target.parent.iterdir()] == ["SET"]
    assert not unpack(archive, Path("SET"), target)


def test_a_damaged_archive_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[40] ^= 255
    archive.write_bytes(content)
    with pytest.raises(DataError, match="no whole zip archive"):
        unpack(archive, Path("SET"), tmp_path / "made" / "SET")
    assert list((tmp_path / "made").iterdir()) == []


def test_an_archive_of_something_else_is_named(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no folder 'OTHER'"):
        unpack(archive, Path("OTHER"), tmp_path / "made" / "OTHER")
