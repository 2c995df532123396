"""An attempt's folder: what it says of itself and of its end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from harness.errors import ConfigError, DataError, DiskFullError, NonFiniteError, StoreError
from harness.tracking.attempt import Attempt, failure_kind


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    (tmp_path / "3").mkdir()
    return Attempt(tmp_path / "3")


def test_its_number_and_files(attempt: Attempt) -> None:
    assert attempt.number == 3
    assert [attempt.log_path(rank).name for rank in (0, 1, 12)] == ["log", "log.1", "log.12"]


def test_nothing_is_known_of_one_that_never_began(attempt: Attempt) -> None:
    assert (attempt.provenance(), attempt.failure(), attempt.seconds(), list(attempt.entries())) == ({}, {}, 0.0, [])


def test_provenance_is_kept(attempt: Attempt) -> None:
    attempt.describe({"started": 5.0, "commit": None, "packages": {"torch": "2"}})
    assert attempt.provenance() == {"started": 5.0, "commit": None, "packages": {"torch": "2"}}


def test_the_first_rank_to_fail_is_believed(attempt: Attempt) -> None:
    def failing() -> None:
        raise DataError("the image 'a.png' cannot be read", where="row 3")

    with pytest.raises(DataError) as caught:
        failing()
    attempt.fail(caught.value, rank=1)
    attempt.fail(RuntimeError("a peer has gone"), rank=0)
    failure = attempt.failure()
    assert (failure["kind"], failure["rank"]) == ("bad data", 1)
    assert failure["message"] == "the image 'a.png' cannot be read\n  where: row 3"
    assert "in failing" in failure["traceback"]


@pytest.mark.parametrize("damage", ["", "{", "[1]", "null", "\xff"])
def test_a_damaged_record_says_nothing(attempt: Attempt, damage: str) -> None:
    (attempt.path / "failure.json").write_bytes(damage.encode("latin1"))
    assert attempt.failure() == {}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConfigError("no"), "bad config"), (DataError("no"), "bad data"), (StoreError("no"), "bad store"),
        (DiskFullError("no"), "disk full"), (NonFiniteError("no"), "non-finite loss"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk full"), (OSError(errno.EDQUOT, "quota"), "disk full"),
        (OSError(errno.EIO, "Input/output error"), "code error"),
        (MemoryError(), "out of memory"), (RuntimeError("CUDA out of memory. Tried to"), "out of memory"),
        (ZeroDivisionError(), "code error"), (KeyboardInterrupt(), "code error"),
    ],
)  # fmt: skip
def test_classes_of_failure(error: BaseException, kind: str) -> None:
    assert failure_kind(error) == kind


def test_an_error_without_words_is_named_by_its_kind(attempt: Attempt) -> None:
    attempt.fail(ZeroDivisionError(), rank=0)
    assert attempt.failure()["message"] == "ZeroDivisionError"


def test_seconds_last_to_the_last_sign_of_life(attempt: Attempt) -> None:
    attempt.describe({"started": 1000.0})
    assert attempt.seconds() == 0.0
    with attempt.journal() as journal:
        journal.start(0)
    os.utime(attempt.journal_path, (1060.0, 1060.0))
    assert attempt.seconds() == 60.0
    attempt.fail(ZeroDivisionError(), rank=0)
    os.utime(attempt.path / "failure.json", (1090.0, 1090.0))
    assert attempt.seconds() == 90.0
    os.utime(attempt.path / "failure.json", (900.0, 900.0))
    os.utime(attempt.journal_path, (900.0, 900.0))
    assert attempt.seconds() == 0.0
