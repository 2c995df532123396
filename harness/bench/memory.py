"""What this process and its workers hold in memory, from epoch to epoch, and how much CPU time they took."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.data.loaders import Loader
from harness.data.order import EpochOrder
from harness.data.packed import PackedSet
from harness.data.source import Source

MIB = 1 << 20


@dataclass(frozen=True)
class Held:
    """Memory at the end of an epoch, of this process and its workers, in MiB.

    Attributes:
        own: What is theirs alone.
        files: Pages of mapped files, which the system takes back when it needs them.
    """

    own: float
    files: float


def over_epochs(
    packed: PackedSet, loader: Loader, *, epochs: int = 10, global_batch_size: int = 128, num_before: int = 10
) -> list[Held]:
    """The memory held at the end of each epoch of one call.

    Args:
        packed: The data; every modality is loaded.
        loader: How.
        epochs: How many are measured.
        global_batch_size: Rows of a batch.
        num_before: Epochs before them, in which pools and caches fill.
    """
    order = EpochOrder(packed.rows("train"), seed=0)
    steps = order.steps(global_batch_size)
    total = epochs + num_before
    rows = (order.batch(epoch, step, global_batch_size) for epoch in range(total) for step in range(steps))
    load = loader.build(packed, [Source(name) for name in packed.arrays], torch.device("cpu"))
    found = [held() for step, _ in enumerate(load(rows), 1) if step % steps == 0]
    return found[num_before:]


def growth(found: Sequence[Held]) -> float:
    """By how many MiB an epoch what is theirs alone grows: from the first third's median to the last third's.

    Medians, since at any moment a loader holds a batch or two more or less.
    """
    third = len(found) // 3
    first, last = (statistics.median(one.own for one in part) for part in (found[:third], found[-third:]))
    return (last - first) / (len(found) - third)


def held() -> Held:
    """What this process and its descendants hold at this moment."""
    parts = [_of(process) for process in family(os.getpid())]
    return Held(sum(own for own, _ in parts), sum(files for _, files in parts))


def family(process: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield process
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        for child in _text(thread).split():
            yield from family(int(child))


def cpu_seconds() -> float:
    """CPU time so far of this process, of its descendants, and of those that have ended and were waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers = sum(_ticks(process) for process in family(os.getpid()) if process != os.getpid())
    return time.process_time() + ended.ru_utime + ended.ru_stime + workers / os.sysconf("SC_CLK_TCK")


def _ticks(process: int) -> int:
    """User and system time in the system's ticks, after the name, which may hold blanks; 0 for one that has ended."""
    fields = _text(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def _of(process: int) -> tuple[float, float]:
    """A process that has just ended holds nothing."""
    lines = _text(Path(f"/proc/{process}/status")).splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    own, files = (int(fields.get(name, "0").split()[0]) * 1024 / MIB for name in ("RssAnon", "RssFile"))
    return own, files


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
