from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.config.yaml import dump
from support.command_line import Said, harness
from support.images import edit_row, make_folder
from support.twins import make_twin, read_twin


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    return make_twin(tmp_path / "n [1]", "nct", patches=45)


def check(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> Said:
    return harness(capsys, "data", "check", "nct", f"root={root}", "complete=false", *words)


def patches(root: Path) -> list[Path]:
    return sorted(root.glob("*/TUM/*.tif"))


def test_a_good_set_is_counted(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = check(capsys, twin, "size=16")
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    for line in (
        "nct: 45 patches, 36 train, 9 test, synthetic",
        f"digest {read_twin(twin, 'nct', complete=False).manifest().digest}",
        "he 16 x 16 px RGB 45",
        "label class train test",
        "tissue MUC 3 1",
        "nothing is wrong",
    ):
        assert line in lines


def test_the_size_may_be_left_out(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, twin).code == 0


def test_an_unreadable_image_is_named(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = patches(twin)[0]
    broken.write_bytes(broken.read_bytes()[:500])
    done = check(capsys, twin)
    assert done.code == 1
    assert f"wrong: 1 images of 'he' cannot be used: CRC-VAL-HE-7K/TUM/{broken.stem}; the first: " in done.out
    assert "cannot be read" in done.out
    assert "nothing is wrong" not in done.out


def test_a_patch_in_both_splits_is_wrong(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test, train, *_ = patches(twin)
    shutil.copy(train, test)
    done = check(capsys, twin)
    assert done.code == 1
    named = f"CRC-VAL-HE-7K/TUM/{test.stem} = NCT-CRC-HE-100K/TUM/{train.stem}"
    assert f"wrong: 1 images of 'he' are in two splits: {named}" in done.out


def test_a_patch_twice_within_a_split_is_said(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, one, two, *_ = patches(twin)
    shutil.copy(one, two)
    done = check(capsys, twin)
    assert done.code == 0
    assert "note: 1 images of 'he' stand more than once within a split: NCT-CRC-HE-100K/TUM/" in done.out


def test_images_that_are_too_small_are_wrong(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = check(capsys, twin, "size=17")
    assert done.code == 1
    assert "wrong: 45 images of 'he' are smaller than the size 17 that is asked for" in done.out


def test_a_set_that_is_not_whole_is_wrong(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = harness(capsys, "data", "check", "nct", f"root={twin}")
    assert done.code == 1
    assert "wrong: the set NCT-CRC-HE-100K is not whole: ADI 4, BACK 4" in done.out
    assert "data.complete=false" in done.out


def test_a_patient_on_both_sides_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_folder(tmp_path / "pairs", groups=4)
    edit_row(root, 0, split="test")
    edit_row(root, 1, split="test")
    done = harness(capsys, "data", "check", "folder", f"root={root}")
    assert done.code == 1
    assert "wrong: the patient 'p00' is in two splits: 'test' and 'train'; so are 1 more: p01" in done.out


def test_the_data_of_a_grid_file_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of its first stage, of its axes and of later stages, each once."""
    for name in ("one", "two"):
        make_folder(tmp_path / name, note=name)
    make_twin(tmp_path / "three", "nct", patches=18)
    one, two = ({"name": "folder", "root": str(tmp_path / name), "size": 8} for name in ("one", "two"))
    other = {"name": "nct", "root": str(tmp_path / "three"), "size": 8, "complete": False}
    grid = {"data": one, "axes": {"seed": [0, 1], "set": {"one": {}, "two": {"data": two}}}}
    then = [{"stage": "probe", "data": other, "label": "tissue"}]
    (tmp_path / "grid.yaml").write_text(dump({**grid, "then": then}))
    done = harness(capsys, "data", "check", str(tmp_path / "grid.yaml"))
    assert done.code == 0
    assert [line.split(":")[0] for line in done.out.splitlines() if "patches," in line] == [
        "tiny pairs",
        "tiny pairs",
        "nct",
    ]
    smaller = harness(capsys, "data", "check", str(tmp_path / "grid.yaml"), "data.size=99")
    assert smaller.code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ntc", "root=x"), ["'ntc' is neither a data set nor a grid file", "did you mean 'nct'?", "folder, hemit"]),
        (("nct",), ["'root' is missing"]),
        (("nct", "root=x", "trainig=null"), ["did you mean 'training'?"]),
        (("none.yaml",), ["'none.yaml' is neither a data set nor a grid file"]),
        (("empty.yaml",), ["'empty.yaml' names no data set"]),
    ],
)
def test_a_wrong_command_is_told_from_wrong_data(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.yaml").write_text("title: nothing\n")
    done = harness(capsys, "data", "check", *words)
    assert done.code == 2
    for word in said:
        assert word in done.err


def test_a_folder_that_is_not_there_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    done = harness(capsys, "data", "check", "shift", "root=/nowhere")
    assert done.code == 1
    assert "wrong: there is no folder '/nowhere'" in done.out
