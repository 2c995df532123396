from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from harness.data.datasets.folder import Folder
from harness.data.manifest import Manifest
from harness.data.parquet import read_parquet
from harness.errors import DataError
from support.fresh import run_without
from support.images import make_folder, read_rows


def in_parquet(root: Path, **columns: Any) -> Path:
    """Put Parquet in place of a folder's CSV table, with some columns replaced, or removed where they are None."""
    rows = read_rows(root / "manifest.csv")
    (root / "manifest.csv").unlink()
    table = {name: [row[name] for row in rows] for name in rows[0]} | columns
    kept = {name: cells for name, cells in table.items() if cells is not None}
    pyarrow.parquet.write_table(pa.table(kept), root / "manifest.parquet", row_group_size=5)
    return root


def manifest(root: Path) -> Manifest:
    return Folder(root=str(root), size=16).manifest()


def numbers(root: Path) -> list[list[float]]:
    return [[float(word) for word in row["markers"].split()] for row in read_rows(root / "manifest.csv")]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.list_(pa.float64()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float64(), 3),
        pa.list_(pa.float16()),
    ],
    ids=str,
)
def test_a_folder_is_the_same_in_csv_and_in_parquet(tmp_path: Path, kind: Any) -> None:
    made = make_folder(tmp_path / "pairs", vectors=3)
    expected, vectors = manifest(made), np.array(numbers(made))
    if kind == pa.string():
        in_parquet(made)
    else:
        scalar = np.float16 if kind == pa.list_(pa.float16()) else np.float64
        cells = [row.astype(scalar) if scalar is np.float16 else row.tolist() for row in vectors]
        in_parquet(made, markers=pa.array(cells, kind))
    read = manifest(made)
    assert read.modalities["markers"].vectors is not None
    if kind != pa.list_(pa.float16()):
        assert read.digest == expected.digest
    np.testing.assert_allclose(read.modalities["markers"].vectors, vectors, rtol=2e-3 if "half" in str(kind) else 1e-6)


def test_vectors_follow_the_order_of_the_ids(tmp_path: Path) -> None:
    made = make_folder(tmp_path, n=3, groups=3, vectors=1)
    in_parquet(made, id=["s0002", "s0000", "s0001"], markers=[[2.0], [0.0], [1.0]])
    vectors = manifest(made).modalities["markers"].vectors
    assert vectors is not None
    assert vectors.tolist() == [[0.0], [1.0], [2.0]]


def test_cells_of_other_kinds_become_text(tmp_path: Path) -> None:
    made = make_folder(tmp_path, n=4)
    coded = pa.array(["tumour", None, " stroma ", "tumour"]).dictionary_encode()
    read = manifest(in_parquet(made, id=[30, 4, 200, 1], group=[1, 2, 3, 1], tissue=coded, split=["train"] * 4))
    assert read.ids == ("1", "200", "30", "4")
    assert read.groups == ("1", "3", "1", "2")
    assert read.labels["tissue"].values.tolist() == [0, 1, 0, -1]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"tissue": None}, ["has no column 'tissue'", "there are id, group, split, he, panck, markers"]),
        (
            {"panck": None, "pan-CK": ["x"] * 12},
            ["has no column 'panck'", "id, group, split, he, tissue, markers, pan-CK"],
        ),
        (
            {"markers": [[1.0, 2.0]] * 11 + [[1.0]]},
            ["the vector has 1 numbers", "row 12, column 'markers'", "legal: 2"],
        ),
        ({"markers": [[1.0]] * 11 + [None]}, ["the vector has 0 numbers", "row 12, column 'markers'"]),
        ({"markers": [[1.0]] * 11 + [[None]]}, ["'markers' has values that are not finite for 1 samples: s0011"]),
        ({"markers": [["a"]] * 12}, ["'markers' holds lists of the kind string", "lists of numbers"]),
        ({"he": [["a"]] * 12}, ["'he' holds cells of the kind list<", "text or numbers"]),
        ({"tissue": [True] * 12}, ["'tissue' holds cells of the kind bool"]),
        ({"tissue": ["Tumour"] * 12}, ["'Tumour' is none of the classes", "row 1, column 'tissue'"]),
        ({"he": [None] * 12}, ["12 of 12 samples have no image of the modality 'he'", "its cell is empty"]),
    ],
)
def test_what_is_wrong_with_a_table_is_named(tmp_path: Path, columns: dict[str, Any], words: list[str]) -> None:
    made = in_parquet(make_folder(tmp_path, vectors=2), **columns)
    with pytest.raises(DataError) as caught:
        manifest(made)
    for word in [*words, str(tmp_path)]:
        assert word in str(caught.value)


def test_a_table_without_rows(tmp_path: Path) -> None:
    made = make_folder(tmp_path, vectors=2)
    (made / "manifest.csv").unlink()
    empty = {name: pa.array([], pa.string()) for name in ("id", "group", "split", "he", "panck", "tissue")}
    table = pa.table(empty | {"markers": pa.array([], pa.list_(pa.float32()))})
    pyarrow.parquet.write_table(table, made / "manifest.parquet")
    with pytest.raises(DataError, match="has no samples"):
        manifest(made)


def test_two_tables_are_one_too_many(tmp_path: Path) -> None:
    made = make_folder(tmp_path)
    (made / "manifest.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"has both manifest\.csv and manifest\.parquet") as caught:
        manifest(made)
    assert str(tmp_path) in str(caught.value)
    assert "remove one of them" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1 and then something else PAR1", b"id,group\n1,2\n"])
def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"manifest\.parquet' cannot be read as a Parquet table: "):
        read_parquet(tmp_path / "manifest.parquet", ["id"])


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path) -> None:
    in_parquet(make_folder(tmp_path / "pairs"))
    code = (
        "from harness.data.datasets.folder import Folder\n"
        "from harness.errors import MissingDependencyError\n"
        f"try: Folder(root={str(tmp_path / 'pairs')!r}, size=16).read()\n"
        "except MissingDependencyError as error: print(error)\n"
    )
    said = run_without({"pyarrow"}, code)
    for word in (
        "Parquet tables need pyarrow",
        "manifest.parquet",
        "pip install pyarrow",
        "write the table as manifest.csv",
    ):
        assert word in said


def test_csv_needs_no_pyarrow(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    code = f"from harness.data.datasets.folder import Folder\nprint(len(Folder(root={str(made)!r}, size=16).read()))"
    assert run_without({"pyarrow"}, code).strip() == "12"
