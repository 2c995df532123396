"""A run's folder under two starters, zombies, crashes and other versions."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.config.yaml import parse
from harness.errors import DiskFullError, StoreError
from harness.tracking import run_folder as module
from harness.tracking.result import Result
from harness.tracking.run_folder import RunFolder
from support.processes import running, together

IDENTITY = {"name": "pretrain", "revision": 1, "lr": 1e-3, "views": ["he", "no"], "seed": 0}
CONFIG = IDENTITY | {"data": {"root": "somewhere"}}
NEW_ATTEMPTS = """
import sys
from pathlib import Path
from harness.tracking.run_folder import RunFolder
print("ready", flush=True)
input()
print(*[RunFolder(Path(sys.argv[1])).new_attempt().number for _ in range(25)])
"""
PUBLISH = """
import sys
from pathlib import Path
from harness.tracking.result import Result
from harness.tracking.run_folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
result = Result("s/i", int(sys.argv[2]), {"a": float(sys.argv[2])}, {}, {}, 1.0, 1.0)
print("ready", flush=True)
input()
print(int(folder.publish(result)))
"""
HOLD = """
import sys, time
from pathlib import Path
from harness.tracking.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run in a store whose name a shell would fall over."""
    made = RunFolder(tmp_path / "a store & $(more)" / "runs" / "pretrain" / "0123456789ab")
    made.create(IDENTITY, CONFIG)
    return made


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_WAIT_S", 0.05)


def message(function: Any, *arguments: Any) -> str:
    with pytest.raises(StoreError) as caught:
        function(*arguments)
    return str(caught.value)


def result(attempt: int = 1) -> Result:
    return Result("pretrain/0123456789ab", attempt, {"train/loss": 0.5}, {}, {}, 1.0, 2.0)


# what it should compute


def test_the_resolved_configuration_lies_beside_the_result(folder: RunFolder) -> None:
    assert folder.key == "pretrain/0123456789ab"
    assert folder.record() == {"format": 1, "run": folder.key, "identity": IDENTITY, "config": CONFIG}


def test_making_it_again_changes_nothing(folder: RunFolder) -> None:
    before = (folder.path / "config.yaml").read_bytes()
    folder.create(IDENTITY, CONFIG | {"data": {"root": "elsewhere"}})
    assert (folder.path / "config.yaml").read_bytes() == before


def test_another_configuration_under_the_same_id_is_refused_with_the_difference(folder: RunFolder) -> None:
    other = IDENTITY | {"lr": 1e-2, "views": ["he", "he"], "late": True}
    assert message(folder.create, other, CONFIG) == (
        f"{str(folder.path)!r} holds another configuration under the same id: "
        'late: (absent) > true; lr: 0.001 > 0.01; views.1: "no" > "he"\n'
        "  mend: a default changed without its revision being raised, or two ids collide: move the folder away"
    )
    assert folder.record()["identity"] == IDENTITY


def test_a_folder_of_a_newer_version_is_refused(folder: RunFolder) -> None:
    path = folder.path / "config.yaml"
    path.write_text(path.read_text().replace("format: 1", "format: 2"))
    for call in (folder.record, lambda: folder.create(IDENTITY, CONFIG)):
        assert "was written by a newer version of harness: format 2, this one reads 1" in message(call)


@pytest.mark.parametrize("damage", ["", "[1]", "run: a\n", "3"])
def test_what_is_no_configuration_is_named(folder: RunFolder, damage: str) -> None:
    (folder.path / "config.yaml").write_text(damage)
    assert "config.yaml' is no run's configuration\n  mend: restore it, or remove the run's folder" in message(
        folder.record
    )


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    assert "config.yaml' cannot be read" in message(RunFolder(tmp_path / "s" / "i").record)


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    folder = RunFolder(tmp_path / "s" / "i")
    monkeypatch.setattr(os, "mkdir", full)
    with pytest.raises(DiskFullError):
        folder.create(IDENTITY, CONFIG)
    with pytest.raises(DiskFullError):
        folder.new_attempt()


# attempts


def test_attempts_are_numbered_from_one(folder: RunFolder) -> None:
    assert folder.attempts() == []
    assert [folder.new_attempt().number for _ in range(11)] == list(range(1, 12))
    assert [attempt.number for attempt in folder.attempts()] == list(range(1, 12))
    (folder.path / "attempts" / "notes").mkdir()
    assert len(folder.attempts()) == 11


def test_starters_at_once_never_get_the_same_attempt(folder: RunFolder) -> None:
    printed = together(NEW_ATTEMPTS, [[folder.path]] * 4)
    numbers = [int(word) for line in printed for word in line.split()]
    assert sorted(numbers) == list(range(1, 101))


# the result


def test_there_is_no_result_until_one_is_published(folder: RunFolder) -> None:
    assert folder.result() is None
    assert folder.publish(result()) is True
    assert folder.result() == result()


def test_a_zombie_cannot_replace_a_result(folder: RunFolder) -> None:
    folder.publish(result(2))
    assert folder.publish(result(1)) is False
    assert folder.result() == result(2)


def test_of_several_publishers_at_once_one_succeeds(folder: RunFolder) -> None:
    won = [line == "1" for line in together(PUBLISH, [[folder.path, number] for number in range(1, 6)])]
    assert won.count(True) == 1
    found = folder.result()
    assert found is not None
    assert found.attempt == won.index(True) + 1


def test_a_damaged_result_is_no_success(folder: RunFolder) -> None:
    (folder.path / "result.json").write_text("{")
    assert "is no valid result" in message(folder.result)


# at work


@pytest.mark.usefixtures("no_waiting")
def test_a_run_is_held_by_one_process_group(folder: RunFolder) -> None:
    assert not folder.is_running()
    with folder.held():
        assert folder.is_running()
        with pytest.raises(BlockingIOError), RunFolder(folder.path).held():
            pass
    assert not folder.is_running()


def test_an_error_inside_is_not_taken_for_another_holder(folder: RunFolder) -> None:
    with pytest.raises(BlockingIOError, match="of the body"), folder.held():
        raise BlockingIOError("of the body")
    assert not folder.is_running()


@pytest.mark.usefixtures("no_waiting")
def test_kill_9_of_the_holder_frees_the_run(folder: RunFolder) -> None:
    with running(HOLD, folder.path) as holder:
        assert folder.is_running()
        with pytest.raises(BlockingIOError), folder.held():
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert not folder.is_running()
        with folder.held():
            assert folder.is_running()


def test_the_next_one_waits_a_little_for_a_holder_that_is_about_to_end(folder: RunFolder) -> None:
    with running(HOLD, folder.path) as holder:
        threading.Timer(0.3, holder.kill).start()
        started = time.monotonic()
        with folder.held():
            assert 0.1 < time.monotonic() - started < 4


@pytest.fixture
def readers(folder: RunFolder) -> Iterator[None]:
    """Two threads that look all the time whether the run is at work."""
    (folder.path / "lock").touch()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            folder.is_running()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    done.set()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("readers")
def test_readers_that_only_look_keep_nobody_from_starting(folder: RunFolder) -> None:
    for _ in range(300):
        with folder.held():
            pass


# what was measured


def attempted(folder: RunFolder, start: int | None, steps: Iterator[int] | range, mark: float) -> None:
    """An attempt that goes on from `start` and journals the given steps; None: it died before it began."""
    with folder.new_attempt().journal() as journal:
        if start is not None:
            journal.start(start, 100)
        for step in steps:
            journal.metrics(step, {"train/loss": mark + step / 1000})
            if step % 20 == 0:
                journal.checkpointed(step)


def history(folder: RunFolder) -> list[tuple[int, int]]:
    """Each entry as its step and the attempt it came from."""
    return [(entry.step, int(entry.values["train/loss"])) for entry in folder.history()]


def test_steps_that_were_done_again_appear_once_as_the_later_attempt_did_them(folder: RunFolder) -> None:
    attempted(folder, 0, range(10, 60, 10), mark=1)
    attempted(folder, 40, range(50, 90, 10), mark=2)
    attempted(folder, 60, range(70, 110, 10), mark=3)
    assert history(folder) == [(10, 1), (20, 1), (30, 1), (40, 1), (50, 2), (60, 2)] + [
        (step, 3) for step in range(70, 110, 10)
    ]


def test_an_attempt_from_the_beginning_replaces_all(folder: RunFolder) -> None:
    attempted(folder, 0, range(10, 60, 10), mark=1)
    attempted(folder, 0, range(10, 30, 10), mark=2)
    assert history(folder) == [(10, 2), (20, 2)]


def test_an_attempt_that_fell_back_below_the_one_before(folder: RunFolder) -> None:
    attempted(folder, 0, range(10, 60, 10), mark=1)
    attempted(folder, 40, range(50, 60, 10), mark=2)
    attempted(folder, 20, range(30, 50, 10), mark=3)
    assert history(folder) == [(10, 1), (20, 1), (30, 3), (40, 3)]


def test_an_attempt_that_died_before_it_began_spoils_nothing(folder: RunFolder) -> None:
    attempted(folder, 0, range(10, 30, 10), mark=1)
    attempted(folder, None, range(0), mark=2)
    assert history(folder) == [(10, 1), (20, 1)]


def test_a_zombie_that_goes_on_writing_is_not_read(folder: RunFolder) -> None:
    attempted(folder, 0, range(10, 30, 10), mark=1)
    attempted(folder, 20, range(30, 50, 10), mark=2)
    with folder.attempts()[0].journal() as journal:
        journal.metrics(30, {"train/loss": 1.0})
    assert history(folder) == [(10, 1), (20, 1), (30, 2), (40, 2)]


def test_a_torn_last_line_is_no_step(folder: RunFolder) -> None:
    attempted(folder, 0, range(10, 40, 10), mark=1)
    path = folder.attempts()[0].journal_path
    path.write_bytes(path.read_bytes()[:-5])
    assert history(folder) == [(10, 1), (20, 1)]


def test_the_configuration_file_is_plain_yaml(folder: RunFolder) -> None:
    record = parse((folder.path / "config.yaml").read_text(), "here")
    assert json.loads(json.dumps(record))["identity"] == IDENTITY
