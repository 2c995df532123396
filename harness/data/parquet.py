"""A Parquet file as columns of text and of vectors, with errors that name the file, the row and the column.

pyarrow is imported here, and only where there is such a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.table import Table, position
from harness.errors import DataError, MissingDependencyError


def read_parquet(path: Path, wanted: Iterable[str], vectors: Collection[str] = ()) -> Table:
    """The wanted columns of a Parquet file: what `read_table` gives of a CSV file with the same rows.

    Args:
        path: The file.
        wanted: The columns.
        vectors: Those of them that may be lists of numbers.

    Raises:
        DataError: The file cannot be read, a wanted column is missing, or its cells are of
            a kind that has no text.
        MissingDependencyError: pyarrow is not installed.
    """
    arrow, parquet = _pyarrow(path)
    names = list(wanted)
    try:
        header = parquet.ParquetFile(path).schema_arrow.names
        for name in names:
            position(name, header, path)
        read = parquet.read_table(path, columns=names, partitioning=None)
    except (OSError, arrow.ArrowException) as error:
        raise DataError(
            f"{str(path)!r} cannot be read as a Parquet table: {error}", mend="write it anew, or write manifest.csv"
        ) from error
    lists = [name for name in names if name in vectors and _is_list(arrow, read.schema.field(name).type)]
    columns = {name: _texts(arrow, read.column(name), path, name) for name in names if name not in lists}
    arrays = {name: _matrix(arrow, read.column(name), path, name) for name in lists}
    count = read.num_rows
    return Table(path, columns, list(range(1, count + 1)), list(range(count)), arrays, "row")


def _texts(arrow: Any, column: Any, path: Path, name: str) -> list[str]:
    """The cells of a column as a CSV file would hold them; an empty one where there is none."""
    kind = column.type.value_type if arrow.types.is_dictionary(column.type) else column.type
    tests = ("is_string", "is_large_string", "is_string_view", "is_integer", "is_floating", "is_null")
    if not any(getattr(arrow.types, test)(kind) for test in tests):
        raise DataError(
            f"the column {name!r} holds cells of the kind {kind}",
            where=str(path),
            legal="text or numbers; lists of numbers for a vector modality",
            mend="convert the column to text",
        )
    return ["" if cell is None else str(cell).strip() for cell in column.to_pylist()]


def _matrix(arrow: Any, column: Any, path: Path, name: str) -> NDArray[np.float64]:
    """(rows, features) from a column of lists of numbers, all of one length; a missing number is NaN."""
    kind = column.type.value_type
    if not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind)):
        raise DataError(
            f"the column {name!r} holds lists of the kind {kind}",
            where=str(path),
            legal="lists of numbers",
            mend="convert them to numbers",
        )
    lengths = [length for part in column.chunks for length in _lengths(part)]
    _check_alike(lengths, path, name)
    parts = [part.flatten().to_numpy(zero_copy_only=False) for part in column.chunks]
    flat = np.concatenate(parts).astype(np.float64) if parts else np.empty(0)
    return flat.reshape(len(lengths), -1) if lengths else flat.reshape(0, 1)


def _check_alike(lengths: Sequence[int], path: Path, name: str) -> None:
    for row, length in enumerate(lengths, 1):
        if not length or length != lengths[0]:
            raise DataError(
                f"the vector has {length} numbers",
                where=f"{path}, row {row}, column {name!r}",
                legal=f"{lengths[0] or 'one or more'}, as the first sample has",
                mend="give every sample the same features",
            )


def _lengths(part: Any) -> list[int]:
    """How many numbers each cell holds; none where there is no cell."""
    return [0 if length is None else int(length) for length in part.value_lengths().to_pylist()]


def _is_list(arrow: Any, kind: Any) -> bool:
    return bool(arrow.types.is_list(kind) or arrow.types.is_large_list(kind) or arrow.types.is_fixed_size_list(kind))


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependencyError(
            "Parquet tables need pyarrow, which is not installed",
            where=str(path),
            mend="pip install pyarrow, or write the table as manifest.csv",
        ) from error
    return pyarrow, pyarrow.parquet
