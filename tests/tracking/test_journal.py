"""A journal holds what was written before a crash, whole line by whole line."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from harness.errors import DiskFullError
from harness.tracking.journal import Entry, Journal, read_journal
from support.processes import running

WRITE = """
import sys
from pathlib import Path
from harness.tracking.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    journal.start(0)
    print("started", flush=True)
    step = 0
    while True:
        step += 1
        journal.metrics(step, {"train/loss": 1 / step, "text": 0.0})
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def written(path: Path) -> list[Entry]:
    """A journal with one entry of every kind."""
    with Journal(path) as journal:
        journal.start(0, 20)
        journal.metrics(10, {"train/loss": 0.5, "rate/pairs_per_second": 100.0})
        journal.checkpointed(10)
        journal.note("a checkpoint was passed over: \u03c3", 10)
    return list(read_journal(path))


def test_what_is_written_is_read(path: Path) -> None:
    before = time.time()
    entries = written(path)
    assert [(entry.kind, entry.step) for entry in entries] == [
        ("start", 0), ("metrics", 10), ("checkpoint", 10), ("note", 10),
    ]  # fmt: skip
    assert entries[0].values == {"steps": 20}
    assert entries[1].values == {"train/loss": 0.5, "rate/pairs_per_second": 100.0}
    assert entries[3].text == "a checkpoint was passed over: \u03c3"
    assert all(before - 0.01 <= entry.time <= time.time() + 0.01 for entry in entries)
    assert entries[-1].end == path.stat().st_size


def test_numbers_keep_every_bit(path: Path) -> None:
    draw = random.Random(0)
    values = {str(index): draw.gauss(0, 1) * 10.0 ** draw.randrange(-300, 300) for index in range(100)}
    with Journal(path) as journal:
        journal.metrics(1, values)
    assert next(read_journal(path)).values == values


def test_a_journal_is_appended_to(path: Path) -> None:
    first = written(path)
    assert written(path)[:4] == first
    assert len(list(read_journal(path))) == 8


def test_a_missing_journal_is_empty(path: Path) -> None:
    assert list(read_journal(path)) == []


def test_wherever_a_crash_cuts_the_file_the_whole_lines_before_it_are_read(path: Path) -> None:
    entries = written(path)
    raw = path.read_bytes()
    for length in range(len(raw) + 1):
        path.write_bytes(raw[:length])
        assert list(read_journal(path)) == [entry for entry in entries if entry.end <= length]


def test_a_reader_goes_on_from_any_cursor(path: Path) -> None:
    entries = written(path)
    for index, entry in enumerate(entries):
        assert list(read_journal(path, entry.end)) == entries[index + 1 :]
    assert list(read_journal(path, path.stat().st_size + 100)) == []


@pytest.mark.parametrize("line", ["", "nonsense", "[1]", "3", "null", "{}", '{"t": 1, "kind": "metrics"}', "\xff"])
def test_a_line_that_is_no_entry_is_passed_over(path: Path, line: str) -> None:
    entries = written(path)
    with open(path, "ab") as file:
        file.write(line.encode("latin1") + b"\n")
    after = written(path)
    assert after[:4] == entries
    assert len(after) == 8
    assert after[-1].end == path.stat().st_size


def test_an_entry_is_in_the_file_before_the_writer_goes_on(path: Path) -> None:
    """Flushed a line at a time, so that `kill -9` costs nothing that was written."""
    with Journal(path) as journal:
        for step in range(1, 5):
            journal.metrics(step, {"a": 1.0})
            assert [entry.step for entry in read_journal(path)] == list(range(1, step + 1))


def test_a_checkpoint_is_durable_when_it_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    with Journal(path) as journal:
        journal.metrics(1, {"a": 1.0})
        assert synced == []
        journal.checkpointed(1)
        assert synced == [path.stat().st_size]


def test_sudden_death_loses_no_whole_line(path: Path) -> None:
    with running(WRITE, path) as writer:
        time.sleep(0.2)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    steps = [entry.step for entry in read_journal(path)]
    assert len(steps) > 10
    assert steps == list(range(len(steps)))
    whole = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    assert len(whole) == len(steps)
    assert all(json.loads(line) for line in whole)


def test_a_full_disk_is_named_and_stays_named_when_the_journal_is_closed() -> None:
    with pytest.raises(DiskFullError, match="no room is left to write '/dev/full'"), Journal(Path("/dev/full")) as full:
        full.metrics(1, {"a": 1.0})
