from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.table import Table, read_table
from harness.errors import DataError


def table(tmp_path: Path, text: str | bytes, *wanted: str) -> Table:
    path = tmp_path / "manifest.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, wanted)


def test_wanted_columns_are_read_and_blanks_cut(tmp_path: Path) -> None:
    read = table(tmp_path, "\ufeffid , split,more\nb, train ,1\n\na,test,2\n", "split", "id")
    assert read.columns == {"split": ["train", "test"], "id": ["b", "a"]}
    assert read.place(1, "id").endswith("manifest.csv, line 4, column 'id'")


def test_sorting_takes_everything_along(tmp_path: Path) -> None:
    read = table(tmp_path, "id,x\nb,2\nc,3\na,1\n", "id", "x").sorted_by("id")
    assert read.columns == {"id": ["a", "b", "c"], "x": ["1", "2", "3"]}
    assert read.order == [2, 0, 1]
    assert read.lines == [4, 2, 3]


def test_quotes_hold_commas_and_line_ends(tmp_path: Path) -> None:
    read = table(tmp_path, 'id,x\n"a,1","p\nq"\nb,\n', "id", "x")
    assert read.columns == {"id": ["a,1", "b"], "x": ["p\nq", ""]}
    assert read.lines == [3, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,splt\na,train\n", ["has no column 'split'", "there are id, splt", "did you mean 'splt'?"]),
        ("id,split,split\na,train,test\n", ["more than one column 'split'", "rename"]),
        ("", ["has no column 'id'", "(none)"]),
        ("id,split\na,train,extra\n", ["the line has 3 cells, the header 2", "line 2"]),
        ("id,split\na,train\nb\n", ["the line has 1 cells, the header 2", "line 3"]),
        (b"id,split\n\xff\xfe,train\n", ["cannot be read as a CSV table in UTF-8"]),
        ('id,split\n"a,train\n', ["cannot be read as a CSV table in UTF-8"]),
        ("id,split\n" + "x" * 200_000 + ",train\n", ["cannot be read as a CSV table", "field larger"]),
    ],
)
def test_what_is_no_table_is_an_error(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, text, "id", "split")
    for word in [*words, "manifest.csv"]:
        assert word in str(caught.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file '.*none\.csv'"):
        read_table(tmp_path / "none.csv", ["id"])


def test_numbers(tmp_path: Path) -> None:
    assert table(tmp_path, "x\n1\n-2.5e-3\n", "x").numbers("x") == [1.0, -0.0025]


@pytest.mark.parametrize("cell", ["", "0,5", "nan", "inf", "half"])
def test_what_is_no_number_is_an_error(tmp_path: Path, cell: str) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, f'x,y\n1,1\n"{cell}",1\n', "x", "y").numbers("x")
    assert f"'{cell}' is no finite number" in str(caught.value)
    assert "line 3, column 'x'" in str(caught.value)


def test_class_numbers_follow_the_list_of_classes(tmp_path: Path) -> None:
    read = table(tmp_path, "y,z\nstroma,1\n,1\ntumour,1\n", "y", "z")
    assert read.class_numbers("y", ["tumour", "stroma"]).tolist() == [1, -1, 0]


def test_a_label_outside_the_classes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, "y\nstroma\ntumor\n", "y").class_numbers("y", ["tumour", "stroma"])
    for word in ("'tumor' is none of the classes", "line 3, column 'y'", "tumour, stroma", "did you mean 'tumour'?"):
        assert word in str(caught.value)
