from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.table import read_table
from harness.data.vectors import vectors_from_column, vectors_from_file
from harness.errors import DataError


def from_column(tmp_path: Path, *cells: str) -> np.ndarray:
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(["id,genes", *(f"{index},{cell}" for index, cell in enumerate(cells))]))
    return vectors_from_column(read_table(path, ["genes"]), "genes")


def test_cells_of_numbers(tmp_path: Path) -> None:
    found = from_column(tmp_path, "0.1 2  -3e-2", "4 5 6")
    assert found.dtype == np.float32
    assert np.array_equal(found, np.array([[0.1, 2, -0.03], [4, 5, 6]], np.float32))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("1 2", "1 x"), ["'1 x' is no vector", "line 3, column 'genes'", "blanks between"]),
        (("1 2", "1 2 3"), ["the vector has 3 numbers", "line 3", "2, as the first"]),
        (("1 2", ""), ["the vector has 0 numbers", "line 3"]),
        (("", ""), ["the vector has 0 numbers", "line 2", "one or more"]),
    ],
)
def test_cells_that_are_no_vectors(tmp_path: Path, cells: tuple[str, ...], words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        from_column(tmp_path, *cells)
    for word in words:
        assert word in str(caught.value)


def test_numbers_beyond_float32_become_infinite_without_a_warning(tmp_path: Path) -> None:
    assert np.isinf(from_column(tmp_path, "1e39", "1")).tolist() == [[True], [False]]


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint8])
def test_an_array_is_taken_in_order(tmp_path: Path, kind: Any) -> None:
    np.save(tmp_path / "genes.npy", np.array([[1, 2], [3, 4], [5, 6]], kind))
    found = vectors_from_file(tmp_path / "genes.npy", [2, 0, 1])
    assert found.dtype == np.float32
    assert found.tolist() == [[5, 6], [1, 2], [3, 4]]


@pytest.mark.parametrize("array", [np.zeros((2, 4)), np.zeros(3), np.zeros((3, 2), complex), np.full((3, 2), "a")])
def test_an_array_that_does_not_fit(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "genes.npy", array)
    with pytest.raises(DataError) as caught:
        vectors_from_file(tmp_path / "genes.npy", [0, 1, 2])
    assert f"holds {array.dtype} values of shape {array.shape}" in str(caught.value)
    assert "(3, features)" in str(caught.value)


def test_a_file_that_is_no_array(tmp_path: Path) -> None:
    (tmp_path / "genes.npy").write_bytes(b"")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    for name in ("genes.npy", "objects.npy", "none.npy"):
        with pytest.raises(DataError, match=rf"{name}' cannot be read as an array"):
            vectors_from_file(tmp_path / name, [0])
