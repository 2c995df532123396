"""Where things lie in a store, and how a run is named on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.tracking.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    for key in ("pretrain/aa0000000000", "pretrain/ab0000000000", "probe/ab1111111111", "probe/cc0000000000"):
        made.run(key).create({"key": key}, {})
    return made


def message(store: Store, text: str) -> str:
    with pytest.raises(StoreError) as caught:
        store.find(text)
    return str(caught.value)


def test_an_empty_store_is_made_by_nobody_who_only_looks(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert (list(store.runs()), store.grids()) == ([], [])
    assert not store.root.exists()
    assert message(store, "aa") == (
        f"no run in {str(store.root)!r} begins with 'aa'\n  legal: (the store is empty)\n"
        "  mend: give more digits, or the right --store"
    )


def test_runs_come_by_stage_and_id_and_only_with_a_configuration(store: Store) -> None:
    (store.root / "runs" / "probe" / "dd0000000000").mkdir()
    (store.root / "runs" / "stray").touch()
    assert [run.key for run in store.runs()] == [
        "pretrain/aa0000000000", "pretrain/ab0000000000", "probe/ab1111111111", "probe/cc0000000000",
    ]  # fmt: skip


def test_grids_are_those_that_were_submitted(store: Store) -> None:
    for name in ("table1", "quick start", "begun"):
        store.grid(name).mkdir(parents=True)
    for name in ("table1", "quick start"):
        (store.grid(name) / "plan.json").touch()
    assert store.grids() == ["quick start", "table1"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("aa", "pretrain/aa0000000000"), ("cc0000000000", "probe/cc0000000000"), ("ab1", "probe/ab1111111111"),
        ("pretrain/ab", "pretrain/ab0000000000"), ("probe/a", "probe/ab1111111111"),
    ],
)  # fmt: skip
def test_a_run_is_found_by_its_first_digits(store: Store, text: str, key: str) -> None:
    assert store.find(text).key == key


def test_digits_that_fit_several_runs_or_none(store: Store) -> None:
    assert message(store, "ab") == (
        "'ab' fits 2 runs\n  legal: pretrain/ab0000000000, probe/ab1111111111\n"
        "  mend: give more digits, or the right --store"
    )
    assert "begins with 'zz'\n  legal: pretrain/aa0000000000, " in message(store, "zz")


def test_a_long_list_of_runs_is_cut(store: Store) -> None:
    for index in range(20):
        store.run(f"probe/{index:012d}").create({}, {})
    assert message(store, "probe").count("probe/") == 8
    assert ", ...\n" in message(store, "probe")
