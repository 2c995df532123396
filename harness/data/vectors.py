"""Vector modalities, from the cells of a table or from an array file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.table import Table
from harness.errors import DataError


def vectors_from_column(table: Table, column: str) -> NDArray[np.float32]:
    """(rows, features) from cells that are lists of numbers, or numbers with blanks between them.

    Raises:
        DataError: A cell holds something else, or another number of them than the first.
    """
    if column in table.vectors:
        return _float32(table.vectors[column])
    rows = [_vector(table, row, column) for row in range(len(table))]
    for row, vector in enumerate(rows):
        if not vector or len(vector) != len(rows[0]):
            raise DataError(
                f"the vector has {len(vector)} numbers",
                where=table.place(row, column),
                legal=f"{len(rows[0]) or 'one or more'}, as the first sample has",
                mend="give every sample the same features",
            )
    return _float32(np.array(rows, dtype=np.float64))


def vectors_from_file(path: Path, order: Sequence[int]) -> NDArray[np.float32]:
    """(rows, features) from an .npy file, its rows taken in `order`.

    Raises:
        DataError: The file cannot be read, holds no numbers, or has another number of rows.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{str(path)!r} cannot be read as an array: {error}", mend="write it with numpy.save"
        ) from error
    if not _fits(array, len(order)):
        raise DataError(
            f"{str(path)!r} holds {getattr(array, 'dtype', 'no')} values of shape {getattr(array, 'shape', ())}",
            legal=f"one .npy array of real numbers of shape ({len(order)}, features), a row for each row of the table",
            mend="write it with numpy.save, in the order of the table",
        )
    return _float32(array[np.asarray(order, dtype=np.int64)])


def _fits(array: object, rows: int) -> bool:
    """Whether it is a matrix of real numbers with so many rows; an .npz archive is no array at all."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "fiu" and array.ndim == 2 and len(array) == rows


def _vector(table: Table, row: int, column: str) -> list[float]:
    cell = table.columns[column][row]
    try:
        return [float(word) for word in cell.split()]
    except ValueError as error:
        raise DataError(
            f"{cell!r} is no vector",
            where=table.place(row, column),
            legal="numbers with blanks between them, as in '0.25 1.5 3'",
            mend="correct the cell",
        ) from error


def _float32(array: NDArray[np.generic]) -> NDArray[np.float32]:
    """Numbers beyond float32 become infinite here, and the check of the manifest names their samples."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)
