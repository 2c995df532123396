from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.data.datasets.shift import Shift
from harness.data.manifest import Manifest
from harness.errors import DataError
from support.images import edit_row, read_rows, save, write_table
from support.twins import make_twin


def read(root: Path) -> Manifest:
    return Shift(root=str(root), size=16).manifest()


def two_folders(root: Path) -> Path:
    return make_twin(root, "shift", patches=8)


def with_table(root: Path) -> Path:
    return make_twin(root, "shift", patches=8, patients=4)


def test_equal_names_are_pairs(tmp_path: Path) -> None:
    found = read(two_folders(tmp_path / "data"))
    assert found.ids == tuple(f"{number:06d}" for number in range(8))
    assert (found.name, found.group_kind, found.groups, found.synthetic) == ("shift", "patch", found.ids, True)
    assert set(found.splits) == {"train"}
    assert not found.labels
    for side in ("he", "panck"):
        assert found.modalities[side].files == tuple(tmp_path / "data" / side / f"{name}.png" for name in found.ids)


def test_suffixes_may_differ_and_other_files_do_not_count(tmp_path: Path) -> None:
    root = two_folders(tmp_path / "data")
    before = read(root).ids
    (root / "panck" / "000003.png").unlink()
    save(root / "panck" / "000003.TIF", np.zeros((16, 16), np.uint8))
    (root / "he" / "notes.txt").write_text("")
    assert read(root).ids == before


def test_a_table_brings_patients_and_a_split(tmp_path: Path) -> None:
    root = with_table(tmp_path / "data")
    found, rows = read(root), read_rows(root / "pairs.csv")
    assert found.group_kind == "patient"
    assert list(found.groups) == [row["patient"] for row in rows]
    assert list(found.splits) == [row["split"] for row in rows]
    assert set(found.splits) == {"train", "test"}
    assert found.modalities["he"].files == tuple(root / row["he"] for row in rows)


@pytest.mark.parametrize("known", [(), ("patient",), ("split",)])
def test_patient_and_split_may_be_unknown(tmp_path: Path, known: tuple[str, ...]) -> None:
    root = with_table(tmp_path / "data")
    kept = ("id", "panck", "he", *known)
    write_table(root / "pairs.csv", [{key: row[key] for key in kept} for row in read_rows(root / "pairs.csv")][::-1])
    found = read(root)
    assert found.ids == tuple(f"{number:06d}" for number in range(8)), "whatever the order of the lines"
    assert found.group_kind == ("patient" if "patient" in known else "patch")
    assert set(found.splits) == ({"train", "test"} if "split" in known else {"train"})


def spoil(root: Path, what: str) -> None:
    steps: dict[str, Callable[[], object]] = {
        "no partner": lambda: (root / "panck" / "000005.png").unlink(),
        "no H&E": lambda: (root / "he" / "000005.png").unlink(),
        "nothing": lambda: [path.unlink() for side in ("he", "panck") for path in (root / side).iterdir()],
        "no column": lambda: write_table(root / "pairs.csv", [{"id": "a", "h&e": "x", "panck": "y"}]),
        "no file": lambda: edit_row(root, 2, "pairs.csv", panck="panck/none.png"),
        "patient on both sides": lambda: edit_row(root, 0, "pairs.csv", split="test"),
        "no patient": lambda: edit_row(root, 0, "pairs.csv", patient=""),
        "no split": lambda: edit_row(root, 0, "pairs.csv", split=""),
    }
    steps[what]()


@pytest.mark.parametrize(
    ("form", "what", "words"),
    [
        (two_folders, "no partner", ["1 of 8 images have no partner in panck/: 000005", "a table pairs.csv"]),
        (two_folders, "no H&E", ["1 of 8 images have no partner in he/: 000005"]),
        (two_folders, "nothing", ["the folder holds no pairs", "data.root=PATH"]),
        (with_table, "no column", ["has no column 'he'", "there are id, h&e, panck", "pairs.csv"]),
        (with_table, "no file", ["1 of 8 samples have no image of the modality 'panck': 000002", "none.png"]),
        (with_table, "patient on both sides", ["patient 'p000' is in two splits: 'test' and 'train'"]),
        (with_table, "no patient", ["'000000' has no patient"]),
        (with_table, "no split", ["'' is no split", "000000"]),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_wrong_is_named(tmp_path: Path, form: Callable[[Path], Path], what: str, words: list[str]) -> None:
    root = form(tmp_path / "data")
    spoil(root, what)
    with pytest.raises(DataError) as caught:
        read(root)
    for word in [*words, str(root)]:
        assert word in str(caught.value)
