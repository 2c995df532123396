"""Files are whole or absent, made once, and locks end with the process that holds them."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from harness.errors import DiskFullError, StoreError
from harness.files import is_locked, locked, naming_full_disk, read_text, sha256_of, write_atomic, write_once
from support.processes import running, together

HOLD = """
import sys, time
from pathlib import Path
from harness.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
WRITE_ONCE = """
import sys
from pathlib import Path
from harness.files import write_once
print("ready", flush=True)
input()
print([write_once(Path(sys.argv[1]) / str(n), sys.argv[2] * 1000) for n in range(20)].count(True))
"""
REWRITE = """
import sys
from pathlib import Path
from harness.files import write_atomic
print("writing", flush=True)
while True:
    for letter in "ab":
        write_atomic(Path(sys.argv[1]), letter * 100_000)
"""


@pytest.fixture(params=["plain", "with space, 'quotes' & $(x)", "käse\nzeile"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Folders of names that a shell would fall over."""
    path = tmp_path / request.param
    path.mkdir()
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def no_room(code: int = errno.ENOSPC) -> Any:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    return fail


def test_writing_replaces_the_whole_file_and_leaves_nothing_beside_it(folder: Path) -> None:
    path = folder / "file"
    write_atomic(path, "old and long")
    write_atomic(path, "neü")
    assert path.read_text(encoding="utf-8") == "neü"
    write_atomic(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert left(folder) == ["file"]


def test_a_file_is_made_once(folder: Path) -> None:
    path = folder / "file"
    assert write_once(path, "first") is True
    assert write_once(path, "second") is False
    assert path.read_text() == "first"
    assert left(folder) == ["file"]


def test_of_several_writers_at_once_one_makes_the_file(tmp_path: Path) -> None:
    made = together(WRITE_ONCE, [[tmp_path, letter] for letter in "abcd"])
    assert sum(map(int, made)) == 20
    assert left(tmp_path) == sorted(map(str, range(20)))
    assert all(len(set(path.read_text())) == 1 and len(path.read_text()) == 1000 for path in tmp_path.iterdir())


def test_a_reader_never_sees_half_a_file_nor_does_sudden_death_leave_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seen = set()
    for _ in range(3):
        with running(REWRITE, path) as writer:
            while not path.exists():
                pass
            seen |= {path.read_text() for _ in range(200)}
            while len(seen) < 2:
                seen.add(path.read_text())
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        seen.add(path.read_text())
    assert seen == {"a" * 100_000, "b" * 100_000}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_named_and_leaves_the_old_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    path = folder / "file"
    write_atomic(path, "old")
    monkeypatch.setattr(os, call, no_room(code))
    with pytest.raises(DiskFullError) as caught:
        write_atomic(path, "new")
    monkeypatch.undo()
    assert str(caught.value) == (
        f"no room is left to write {str(path)!r}\n"
        "  mend: free space on that disk and submit again: finished runs are kept, others go on at their checkpoint"
    )
    assert path.read_text() == "old"
    assert left(folder) == ["file"]


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_full_disk_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setattr(os, call, no_room())
    with pytest.raises(DiskFullError):
        write_once(tmp_path / "file", "new")
    assert left(tmp_path) == []


def test_the_real_device_that_is_always_full_is_named() -> None:
    with pytest.raises(DiskFullError, match="'/dev/full'"), naming_full_disk(Path("/dev/full")):
        Path("/dev/full").write_bytes(b"x" * 100_000)


def test_another_error_stays_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", no_room(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        write_atomic(tmp_path / "file", "new")
    assert left(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        write_once(tmp_path / "no folder" / "file", "new")


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_the_digest_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(data := os.urandom(size))
    assert sha256_of(path) == hashlib.sha256(data).hexdigest()


def test_a_lock_is_held_by_one_and_given_back(folder: Path) -> None:
    path = folder / "deep" / "lock"
    assert not is_locked(path)
    with locked(path):
        assert is_locked(path)
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
    assert not is_locked(path)
    with locked(path, wait=False):
        assert is_locked(path)


def test_looking_at_a_lock_makes_no_file(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "lock")
    assert left(tmp_path) == []


def test_the_death_of_a_holder_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with running(HOLD, path) as holder:
        assert is_locked(path)
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert not is_locked(path)
        with locked(path, wait=False):
            pass


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"file' cannot be read: .*No such file"):
        read_text(tmp_path / "file")
    (tmp_path / "file").write_bytes(b"\xff")
    with pytest.raises(StoreError, match=r"file' cannot be read: 'utf-8' codec"):
        read_text(tmp_path / "file")
