"""A table with nothing left to compute: what the renderers write down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.evaluation.statistics import Interval
from harness.report.findings import Comparison, Provenance
from harness.report.marks import Mark
from harness.report.runs import Run


@dataclass(frozen=True)
class Estimate:
    """One metric of a cell: the mean over its runs, and how far it may be off.

    Attributes:
        metric: `split/name`.
        value: The mean.
        interval: Its 95% interval; None where nothing can be said.
        num_runs: How many seeds entered.
        bold: Whether it is the best of its comparison.
    """

    metric: str
    value: float
    interval: Interval | None
    num_runs: int
    bold: bool = False


@dataclass(frozen=True)
class Cell:
    """What stands in one place of the table.

    Attributes:
        axes: Its place in the grid.
        estimates: One for each of the table's metrics, None where it was not measured.
        marks: What a reader must know.
        reason: Why runs are missing: of all of them in an empty cell, of some in an incomplete one.
        runs: Its planned runs, by seed.
    """

    axes: Mapping[str, str]
    estimates: tuple[Estimate | None, ...]
    marks: tuple[Mark, ...]
    reason: str
    runs: tuple[Run, ...]

    @property
    def done(self) -> tuple[Run, ...]:
        """Its runs that have a result."""
        return tuple(run for run in self.runs if run.done)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show but a reason."""
        return not any(self.estimates)

    @property
    def claims(self) -> bool:
        """Whether it may be compared: it has a value, and its encoders trained."""
        return not self.empty and Mark.UNTRAINED not in self.marks


@dataclass(frozen=True)
class Row:
    """A row: its place on the row axes, or a floor's name, and a cell for each column."""

    head: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """A part of the table that fits a page's width.

    Attributes:
        head: The axes that are the same throughout the block, with their values.
        columns: The place of each column on the remaining column axes.
        rows: The rows.
        floors: What a reader must know to judge the rows: a row for each floor.
    """

    head: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    floors: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A grid's table.

    Attributes:
        title: Its heading.
        digits: Decimal places.
        metrics: What each cell shows, the leading one first.
        row_axes: The axes of a row's head.
        column_axes: The axes of a column's head, within a block.
        bold: Where the best is bold: "column", "row" or "none".
        blocks: Its parts.
        comparisons: Its effects.
        provenance: Where its numbers come from.
    """

    title: str
    digits: int
    metrics: tuple[str, ...]
    row_axes: tuple[str, ...]
    column_axes: tuple[str, ...]
    bold: str
    blocks: tuple[Block, ...]
    comparisons: tuple[Comparison, ...]
    provenance: Provenance

    def cells(self) -> Iterator[Cell]:
        """Every cell, floors left out."""
        return (cell for block in self.blocks for row in block.rows for cell in row.cells)

    def floors(self) -> Iterator[Cell]:
        """Every floor's cells, each once."""
        seen: set[int] = set()
        for cell in (cell for block in self.blocks for row in block.floors for cell in row.cells):
            if id(cell) not in seen:
                seen.add(id(cell))
                yield cell
