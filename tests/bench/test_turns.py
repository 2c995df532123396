from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator

import pytest

from harness.bench.memory import cpu_seconds
from harness.bench.turns import Pace, compared, in_turn, pace


def test_ways_take_turns_and_the_warm_up_is_not_counted() -> None:
    log: list[str] = []

    def way(name: str) -> Generator[int, None, None]:
        log.append(name)
        yield 1000
        yield from [2, 3]

    found = in_turn({"a": lambda: way("a"), "b": lambda: way("b")}, rounds=3, warm_up=1)
    assert log == ["a", "b"] * 3
    assert {name: len(turns) for name, turns in found.items()} == {"a": 3, "b": 3}


def test_a_pace_is_pairs_over_time() -> None:
    def way() -> Generator[int, None, None]:
        yield 7
        for _ in range(10):
            time.sleep(0.02)
            yield 3

    found = pace(way, warm_up=1)
    assert 0 < found.pairs_per_s <= 30 / 0.2
    assert 0 < found.cpu_s_per_1000 < 1000 * 0.2 / 30


def test_ratios_are_taken_round_by_round() -> None:
    """A slow minute, in which both are three times slower, leaves the ratio as it is."""
    found = {
        "ours": [Pace(100, 1.0), Pace(30, 3.0), Pace(90, 1.0)],
        "theirs": [Pace(50, 2.0), Pace(15, 6.0), Pace(60, 4.0)],
    }
    row = compared(found, "ours", "theirs")
    assert (row.name, row.beside, row.pairs_per_s, row.cpu_s_per_1000) == ("ours", "theirs", 90, 1.0)
    assert (row.ratio, row.ratios, row.cpu_ratio) == (pytest.approx(2.0), (1.5, 2.0), 2.0)


def test_the_time_of_workers_counts() -> None:
    """A worker that is busy for half a second, then one that has ended."""
    before = cpu_seconds()
    busy = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\n"
    with subprocess.Popen([sys.executable, "-c", busy + "input()"], stdin=subprocess.PIPE) as worker:
        while cpu_seconds() - before < 0.5:
            assert worker.poll() is None
        assert worker.stdin is not None
        worker.stdin.write(b"\n")
    assert 0.5 <= cpu_seconds() - before < 10
