"""A table as columns of text, read from a CSV file, with errors that name the file, the line and the column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.checks import NO_LABEL
from harness.errors import DataError, did_you_mean


@dataclass(frozen=True)
class Table:
    """A table with a header.

    Attributes:
        path: Its file.
        columns: The wanted columns by name, each as its cells in order, without outer blanks.
        lines: The line in the file on which each row ends, or its number where a file has no lines.
        order: The place of each row among the file's rows.
        vectors: Wanted columns whose cells are lists of numbers, each as (rows, features); a CSV file has none.
        unit: What `lines` counts.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]
    order: list[int]
    vectors: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    unit: str = "line"

    def __len__(self) -> int:
        return len(self.lines)

    def sorted_by(self, column: str) -> Table:
        """The rows in the order of a column, so that the order of the file's lines changes nothing."""
        rows = sorted(range(len(self)), key=self.columns[column].__getitem__)
        columns = {name: [cells[row] for row in rows] for name, cells in self.columns.items()}
        lines, order = [self.lines[row] for row in rows], [self.order[row] for row in rows]
        vectors = {name: array[rows] for name, array in self.vectors.items()}
        return Table(self.path, columns, lines, order, vectors, self.unit)

    def place(self, row: int, column: str) -> str:
        """Where a cell stands, for an error."""
        return f"{self.path}, {self.unit} {self.lines[row]}, column {column!r}"

    def numbers(self, column: str) -> list[float]:
        """A column as finite numbers.

        Raises:
            DataError: A cell is no finite number.
        """
        return [self._number(row, column) for row in range(len(self))]

    def class_numbers(self, column: str, classes: Sequence[str]) -> NDArray[np.int64]:
        """A column of class names as their numbers; an empty cell is `NO_LABEL`.

        Raises:
            DataError: A cell names no class.
        """
        number = {name: index for index, name in enumerate(classes)} | {"": NO_LABEL}
        for row, cell in enumerate(self.columns[column]):
            if cell not in number:
                raise DataError(
                    f"{cell!r} is none of the classes",
                    where=self.place(row, column),
                    legal=f"{', '.join(classes)}, or an empty cell for none",
                    mend=did_you_mean(cell, classes) or "correct the cell, or add the class to the list of classes",
                )
        return np.array([number[cell] for cell in self.columns[column]], dtype=np.int64)

    def _number(self, row: int, column: str) -> float:
        cell = self.columns[column][row]
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataError(
                f"{cell!r} is no finite number",
                where=self.place(row, column),
                mend="write a number with a decimal point, or take the row out",
            )
        return value


def read_table(path: Path, wanted: Iterable[str]) -> Table:
    """The wanted columns of a CSV file in UTF-8.

    Raises:
        DataError: The file cannot be read or is no table, a wanted column is missing, or
            a line has more or fewer cells than the header.
    """
    rows = _rows(path)
    header = [name.strip() for name in rows[0][1]] if rows else []
    at = {name: position(name, header, path) for name in wanted}
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise DataError(
                f"the line has {len(row)} cells, the header {len(header)}",
                where=f"{path}, line {line}",
                mend="give every column a cell, an empty one where there is nothing",
            )
    columns = {name: [row[place].strip() for _, row in rows[1:]] for name, place in at.items()}
    return Table(path, columns, [line for line, _ in rows[1:]], list(range(len(rows) - 1)))


def read_columns(path: Path) -> list[str]:
    """The columns that a table has.

    Raises:
        DataError: The file cannot be read or is no table.
    """
    rows = _rows(path)
    return [name.strip() for name in rows[0][1]] if rows else []


def position(name: str, header: Sequence[str], path: Path) -> int:
    """Where a wanted column stands in a header.

    Raises:
        DataError: It is not there, or more than once; it names the columns that are.
    """
    if list(header).count(name) == 1:
        return list(header).index(name)
    problem = "has no" if name not in header else "has more than one"
    raise DataError(
        f"the table {problem} column {name!r}",
        where=str(path),
        legal=f"one column of that name; there are {', '.join(header) or '(none)'}",
        mend=did_you_mean(name, header) if name not in header else "rename one of them",
    )


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Every row that is not empty, with the number of its last line."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, row) for row in reader if row]
    except FileNotFoundError as error:
        raise DataError(f"there is no file {str(path)!r}", mend="check data.root, or write the table") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{str(path)!r} cannot be read as a CSV table in UTF-8: {error}",
            mend="write it anew, with commas between cells and quotes around cells that hold one",
        ) from error
