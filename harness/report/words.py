"""The sentences around a table: what its numbers are, what its marks mean, where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.evaluation.statistics import Interval
from harness.report.findings import EvaluationSet
from harness.report.marks import MEANING, Mark
from harness.report.model import Cell, Row, Table
from harness.report.numbers import capital, counted, listed, metric_name, ranged, setting

SYNTHETIC = "Synthetic data, made by a program: nothing here is a finding about tissue."


def caption(table: Table) -> str:
    """What a cell holds: metrics, and what the mean and its interval are over."""
    cells = _made(table.cells())
    floors = [kind for kind in _made(table.floors()) if kind not in cells]
    parts = [capital(listed(metric_name(metric) for metric in table.metrics)), *cells]
    beneath = [f"floors: {', or '.join(floors)}"] if floors else []
    return f"{'; '.join([*parts, *beneath])}."


def _made(cells: Iterable[Cell]) -> list[str]:
    """How the values of these cells were made: means over seeds, runs that stand alone, or both."""
    estimates = [each for cell in cells for each in cell.estimates if each is not None]
    several = [each.num_runs for each in estimates if each.num_runs > 1]
    alone = [each.interval for each in estimates if each.num_runs == 1]
    found = [f"mean and Student's 95% interval over {ranged(several, 'seeds')}"] if several else []
    return [*found, *([_of_one_run(alone)] if alone else [])]


def _of_one_run(intervals: Sequence[Interval | None]) -> str:
    """What the interval of a single run is over."""
    over = listed(dict.fromkeys(_over(interval) for interval in intervals if interval is not None))
    return f"one seed, 95% interval by bootstrap over {over}" if over else "one seed, no interval"


def _over(interval: Interval) -> str:
    known = counted(interval.count, interval.units)
    return f"{known}, no group being known (likely too narrow)" if interval.units == "patches" else known


def warnings(table: Table) -> list[str]:
    """What a reader must know before the first number."""
    found = [SYNTHETIC] if table.provenance.synthetic else []
    if any(len(cell.runs) == 1 and not cell.empty for cell in table.cells()):
        found.append("One seed supports no claim about a method.")
    if table.provenance.mixed:
        found.append(f"The table mixes revisions: {listed(table.provenance.mixed)}.")
    return found


def legend(table: Table) -> list[tuple[str, str]]:
    """Each sign that the table uses, with its meaning."""
    cells = [*table.cells(), *table.floors()]
    used = {mark for cell in cells for mark in cell.marks}
    found = [(mark.value, MEANING[mark]) for mark in Mark if mark in used]
    if any(incomplete(cell) for cell in cells):
        found.append(
            ("[2/3]", "the seeds that a value is over, of those planned; why the others are missing stands below")
        )
    return found


def bold_meaning(table: Table) -> str | None:
    """What bold means; None where nothing is bold."""
    bold = any(each is not None and each.bold for cell in table.cells() for each in cell.estimates)
    return f"the best of its {table.bold}; no claim that the others differ" if bold else None


def incomplete(cell: Cell) -> bool:
    """Whether some of a cell's seeds are missing, but not all."""
    return not cell.empty and len(cell.done) < len(cell.runs)


def seeds_text(cell: Cell) -> str:
    """How many seeds an incomplete cell is over: "[2/3]"; empty for a complete one."""
    return f"[{len(cell.done)}/{len(cell.runs)}]" if incomplete(cell) else ""


def floor_name(row: Row) -> str:
    """A floor's name, with what it belongs to and its seeds where there are several."""
    runs = max((each.num_runs for cell in row.cells for each in cell.estimates if each is not None), default=1)
    return f"{', '.join(row.head)}{f', {runs} seeds' if runs > 1 else ''}"


def signs(cell: Cell) -> str:
    """What stands beside a cell's leading value: its marks, and its seeds where some are missing."""
    marks = "".join(mark.value for mark in cell.marks)
    return f"{marks} {seeds_text(cell)}" if seeds_text(cell) else marks


def absent_text(cell: Cell, index: int) -> str:
    """What stands where there is no value: the reason once, a dash beside it, nothing where a floor does not apply."""
    if not cell.empty or (index > 0 and cell.reason):
        return "–"
    return cell.reason


def notes(table: Table) -> list[str]:
    """Why seeds are missing from cells that have a value all the same."""
    return [f"{setting(cell.axes)}: {cell.reason}" for cell in table.cells() if incomplete(cell)]


def provenance_lines(table: Table) -> Iterator[str]:
    """Where the numbers come from, a line each: runs, evaluation sets, code and data."""
    origin = table.provenance
    total = sum(origin.states.values())
    states = ", ".join(f"{count:,} {state}" for state, count in origin.states.items())
    lost = f", {hours_text(origin.hours_without_result)} without a result" if origin.hours_without_result else ""
    yield f"{counted(total, 'runs')} ({states}), {hours_text(origin.hours)}{lost}"
    if origin.sets:
        yield f"tested on {listed(dict.fromkeys(map(_set_text, origin.sets)))}"
    code = f"commit {listed(commit[:7] for commit in origin.commits)}" if origin.commits else "commit unknown"
    data = f"data {listed(digest[:8] for digest in origin.data)}" if origin.data else "data unknown"
    yield f"{code}; {data}"


def hours_text(hours: float) -> str:
    """A length of time: "131 hours", "2.4 hours", "35 minutes"."""
    if hours < 1:
        return counted(round(hours * 60), "minutes")
    return f"{hours:.1f} hours" if hours < 100 else f"{hours:,.0f} hours"


def _set_text(tested: EvaluationSet) -> str:
    patches, groups = counted(tested.num_samples, "patches"), counted(tested.num_groups, tested.units)
    return f"{patches} (no group is known)" if tested.units == "patches" else f"{patches} in {groups}"
