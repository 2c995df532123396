"""Provenance explains a result: what ran, on what, when."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

import harness
from harness.tracking import provenance as module
from harness.tracking.provenance import code, provenance


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one commit that the harness seems to run from."""
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("1")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "c"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(harness, "__file__", str(tmp_path / "harness" / "__init__.py"))
    code.cache_clear()
    monkeypatch.setattr(module, "code", code.__wrapped__)
    return tmp_path


def test_it_says_what_ran_where_and_when() -> None:
    found = provenance(launcher="local", host="made up")
    assert found["harness"] == harness.__version__
    assert found["packages"]["numpy"]
    assert abs(found["started"] - time.time()) < 60
    assert (found["launcher"], found["host"]) == ("local", "made up")
    assert json.loads(json.dumps(found)) == found


def test_it_tells_a_clean_commit_from_changed_files(checkout: Path) -> None:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True)
    assert module.code() == {"commit": commit.stdout.strip(), "modified": False}
    (checkout / "untracked").write_text("1")
    assert module.code()["modified"] is False
    (checkout / "harness" / "__init__.py").write_text("2")
    assert module.code()["modified"] is True


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "__file__", str(tmp_path / "harness" / "__init__.py"))
    assert code.__wrapped__() == {"commit": None, "modified": False}
