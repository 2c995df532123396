"""What may be compared with what, and which value of a comparison is the best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from harness.errors import DataError
from harness.report.model import Cell, Estimate

TARGET = "label"
"""The axis that says what is asked and not how: two targets are never compared with each other."""

LOWER_IS_BETTER = ("loss", "error")

Place = tuple[str, ...]
Key = tuple[Place, Place]
Cells = Mapping[Key, Cell]


def require_one_set(cells: Iterable[Cell]) -> None:
    """Refuse a comparison across evaluation sets.

    Raises:
        DataError: Two of the cells were tested on different samples or labels.
    """
    seen: dict[str, Cell] = {}
    for cell in cells:
        for run in cell.done:
            seen.setdefault(run.evaluation_set, cell)
            if len(seen) > 1:
                one, other = seen.values()
                raise DataError(
                    f"cells of different evaluation sets are not compared: {place(one)} and {place(other)}",
                    where="the table",
                    legal=f"one set a comparison; here {' and '.join(repr(digest) for digest in seen)}",
                    mend="evaluate both on one set, or put the axis that separates them where it is not compared",
                )


def place(cell: Cell) -> str:
    """A cell or floor in words: its values along the axes."""
    names = [run.floor for run in cell.runs[:1] if run.floor] + list(cell.axes.values())
    return f"({', '.join(names)})"


def compared(cells: Cells, rule: str) -> list[list[Key]]:
    """The places that stand against each other: those of one column, or of one row, with one target.

    Args:
        cells: Every cell by its row's and column's place.
        rule: "row" compares along rows; "column" and "none" along columns.
    """
    found: dict[tuple[Place, str], list[Key]] = defaultdict(list)
    for (row, column), cell in cells.items():
        found[row if rule == "row" else column, cell.axes.get(TARGET, "")].append((row, column))
    return list(found.values())


def embolden(cells: Sequence[Cell], digits: int) -> list[Cell]:
    """The same cells with the best of each metric in bold; all that print alike share it.

    A cell whose encoder did not train takes no part, and one cell alone is not the best of anything.
    """
    best = [_best([cell for cell in cells if cell.claims], index, digits) for index in range(_width(cells))]
    return [
        replace(cell, estimates=tuple(_bold(cell, each, best[at], digits) for at, each in enumerate(cell.estimates)))
        for cell in cells
    ]


def _width(cells: Sequence[Cell]) -> int:
    return len(cells[0].estimates) if cells else 0


def _best(cells: Sequence[Cell], index: int, digits: int) -> float | None:
    """The best value of one metric as it is printed; None where there is nothing to compare."""
    estimates = [each for each in (cell.estimates[index] for cell in cells) if each is not None]
    if len(estimates) < 2:
        return None
    choose = min if estimates[0].metric.endswith(LOWER_IS_BETTER) else max
    return choose(round(each.value, digits) for each in estimates)


def _bold(cell: Cell, estimate: Estimate | None, best: float | None, digits: int) -> Estimate | None:
    if estimate is None or best is None or not cell.claims:
        return estimate
    return replace(estimate, bold=round(estimate.value, digits) == best)
