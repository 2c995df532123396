"""A disk that is really full: a small one is mounted, and filled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import DiskFullError
from harness.files import write_atomic, write_once
from harness.tracking.journal import Journal, read_journal
from harness.tracking.run_folder import RunFolder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 256 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(disk: Path) -> None:
    """Take all the room there is."""
    with pytest.raises(OSError, match="No space left"):
        (disk / "ballast").write_bytes(b"x" * (1 << 20))


def test_a_file_that_does_not_fit_leaves_the_old_one_and_nothing_beside_it(disk: Path) -> None:
    write_atomic(disk / "file", "old")
    for write in (write_atomic, write_once):
        with pytest.raises(DiskFullError, match="no room is left to write"):
            write(disk / ("file" if write is write_atomic else "new"), b"x" * (1 << 20))
    assert sorted(path.name for path in disk.iterdir()) == ["file"]
    assert (disk / "file").read_text() == "old"


def test_a_journal_on_a_full_disk_keeps_its_whole_lines(disk: Path) -> None:
    path = disk / "journal.jsonl"
    steps = 0
    with pytest.raises(DiskFullError), Journal(path) as journal:  # noqa: PT012 - it fails when the disk is full
        while True:
            journal.metrics(steps + 1, {"train/loss": 1.0})
            steps += 1
    assert steps > 1000
    assert [entry.step for entry in read_journal(path)] == list(range(1, steps + 1))


def test_a_run_on_a_full_disk_goes_on_once_there_is_room(disk: Path) -> None:
    folder = RunFolder(disk / "runs" / "pretrain" / "0123456789ab")
    fill(disk)
    with pytest.raises(DiskFullError):
        folder.create({"seed": 0}, {"seed": 0})
    assert not (folder.path / "config.yaml").exists()
    (disk / "ballast").unlink()
    folder.create({"seed": 0}, {"seed": 0})
    assert folder.record()["identity"] == {"seed": 0}
    assert folder.new_attempt().number == 1
