"""A result is written whole, read back as it was, and refused where it is damaged or of a newer version."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import StoreError
from harness.tracking.result import FORMAT, Artifact, Result, refuse_newer

RESULT = Result(
    run="probe/0123456789ab",
    attempt=2,
    metrics={"test/auroc": 0.75, "test/balanced_accuracy": 1 / 3},
    facts={"classes": ["a", "b"], "derived": False, "note": None},
    artifacts={"predictions": Artifact("attempts/2/predictions.parquet", "ab" * 32)},
    seconds=12.5,
    finished=1_700_000_000.25,
    provenance={"commit": "c0ffee", "packages": {"torch": "2"}},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "result.json"


def message(path: Path, raw: Any) -> str:
    path.write_text(raw if isinstance(raw, str) else json.dumps(raw))
    with pytest.raises(StoreError) as caught:
        Result.load(path)
    return str(caught.value).replace(str(path), "result.json")


def plain() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULT.dump())
    return found


def test_a_result_reads_back_as_it_was(path: Path) -> None:
    path.write_text(RESULT.dump())
    assert Result.load(path) == RESULT


def test_it_says_its_format() -> None:
    assert plain()["format"] == FORMAT == 1


def test_a_result_holds_finite_numbers_only() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        replace(RESULT, metrics={"test/auroc": float("nan")}).dump()


@pytest.mark.parametrize("version", [FORMAT + 1, 99, "2", None, 1.5])
def test_a_newer_result_is_refused(path: Path, version: Any) -> None:
    assert message(path, plain() | {"format": version}) == (
        f"'result.json' was written by a newer version of harness: format {version}, this one reads 1\n"
        "  mend: upgrade harness, or use another store"
    )


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "3", "null", '"x"', "{}", plain() | {"extra": 1}, {"format": 1, "run": "a"},
     plain() | {"artifacts": {"a": {"path": "p"}}}, plain() | {"artifacts": []}, RESULT.dump()[:-20]],
)  # fmt: skip
def test_a_damaged_result_is_refused_with_what_to_do(path: Path, raw: Any) -> None:
    said = message(path, raw)
    assert said.startswith("'result.json' is no valid result: ")
    assert said.endswith("\n  mend: remove that file; the run is then computed again")


def test_every_cut_of_a_result_is_refused(path: Path) -> None:
    text = RESULT.dump()
    for length in range(0, len(text), 7):
        message(path, text[:length])


def test_the_guard_stands_alone() -> None:
    refuse_newer({"format": FORMAT}, Path("x"))
    with pytest.raises(StoreError, match="newer version"):
        refuse_newer({"format": FORMAT + 1}, Path("x"))
