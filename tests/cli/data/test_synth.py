from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.layouts import Layout
from support.command_line import harness


@pytest.mark.parametrize(
    ("layout", "words", "said"),
    [
        ("sample", ("patches=12", "regions=4", "size=32"), "12 synthetic pairs from 4 regions (no tissue, no patient)"),
        ("nct", ("patches=18", "size=16"), "18 synthetic patches in the layout of nct (no tissue, no patient)"),
    ],
)
def test_a_set_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], layout: str, words: tuple[str, ...], said: str
) -> None:
    folder = tmp_path / "a [b]"
    done = harness(capsys, "data", "synth", layout, str(folder), *words)
    assert (done.code, done.out, done.err) == (0, f"{folder}: {said}\n", "")
    assert any(folder.rglob("*"))


def test_help_names_every_layout(capsys: pytest.CaptureFixture[str]) -> None:
    assert "|".join(sorted(Layout.catalogue())) in harness(capsys, "data", "synth", "--help").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ntc", "x"), "'ntc' is not one of 'conic', 'hemit', 'nct', 'sample', 'shift'"),
        (("sample",), "Missing argument 'FOLDER'"),
        (("nct", "patches=18"), "'patches=18' stands where the folder should"),
        (("nct", "x", "patch=18"), "did you mean 'patches'?"),
        (("nct", "x", "patches"), "'patches' is no setting"),
        (("nct", "x", "patches=many"), "'patches': should be a valid integer, but it is 'many'"),
    ],
)
def test_a_wrong_command_makes_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = harness(capsys, "data", "synth", *words)
    assert done.code == 2
    assert said in done.err
    assert list(tmp_path.iterdir()) == []
