"""The benchmark of engines: every way trains, ours is beside each, and a missing library is named."""

import importlib.util

import pytest

from harness.bench import engines
from harness.bench.engines import OURS, PLAIN, ROWS, USUAL, Load, measure

TINY = Load(encoder="small_conv", size=16, global_batch=8, width=8, steps=1, rounds=1)


@pytest.mark.deepspeed
def test_every_way_is_measured() -> None:
    rows, missing = measure(TINY)
    assert missing == {}
    assert {row.name for row in rows} == {OURS}
    assert [row.beside for row in rows] == [ROWS, "deepspeed, stage 1", "deepspeed, stage 2", PLAIN, USUAL]
    assert all(row.ratio > 0 and row.cpu_ratio > 0 for row in rows)


def test_without_deepspeed_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(engines, "_on_ranks", lambda load, with_deepspeed: {OURS: [], PLAIN: []})
    monkeypatch.setattr(engines, "compared", lambda found, name, beside: (name, beside))
    assert measure(TINY) == ([(OURS, PLAIN)], {"deepspeed": "it is not installed"})
