"""What becomes of runs that are computed in one call: each has its own result, or its own reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from harness.distributed.world import World
from harness.errors import DataError, HarnessError
from harness.grid.plan import PlannedRun
from harness.grid.stage import Outcome
from harness.grid.states import DONE, FAILED, INTERRUPTED, state_of
from harness.grid.work import Work
from harness.launch.attempted import STOPPED_EXIT, Member, Part, attempt
from harness.launch.claim import claim
from harness.tracking.store import Store
from harness.training.interrupted import Interrupted

Found = Iterator[tuple[int, Outcome | HarnessError]]
KEYS = [f"toy/{letter * 12}" for letter in "abc"]


@dataclass(frozen=True)
class Toy:
    """Stands for a stage; `script` is what a group of it does."""

    script: ClassVar[Callable[[], Found]]

    @classmethod
    def compute_together(cls, parts: Sequence[tuple[Any, Work]]) -> Found:
        os.write(1, f"{len(parts)} at work\n".encode())
        yield from cls.script()


class ToyRun(PlannedRun):
    """A run of the toy."""

    def build(self) -> Any:
        return Toy()


def computed(tmp_path: Path, script: Callable[[], Found], capture: bool = False) -> Store:
    """Let three runs be attempted together."""
    Toy.script = script
    store = Store(tmp_path / "store")
    member = Member(store, World(0, 1, torch.device("cpu")), 1, lambda: False, "test", capture)
    runs = [ToyRun(key, "cell", "toy", 0, {}, {"run": key}, (), ({},)) for key in KEYS]
    with ExitStack() as held:
        parts = [Part.of(member, run, claim(store, run, {}, held)) for run in runs]
        attempt(member, parts)
    return store


def outcome(value: float) -> Outcome:
    return Outcome({"test/value": value})


def states_of(store: Store) -> list[str]:
    return [state_of(store.run(key)).name for key in KEYS]


def test_each_has_its_own_result_as_soon_as_it_is_there(tmp_path: Path) -> None:
    seen = []

    def script() -> Found:
        for place in (2, 0, 1):
            yield place, outcome(place / 10)
            seen.append(states_of(Store(tmp_path / "store")).count(DONE))

    store = computed(tmp_path, script)
    assert seen == [1, 2, 3]
    results = [store.run(key).result() for key in KEYS]
    assert [result.metrics["test/value"] for result in results if result] == [0.0, 0.1, 0.2]


def test_an_error_that_is_handed_back_is_of_one_run(tmp_path: Path) -> None:
    def script() -> Found:
        yield 0, outcome(0)
        yield 1, DataError("this head alone")
        yield 2, outcome(2)

    store = computed(tmp_path, script)
    assert states_of(store) == [DONE, FAILED, DONE]
    assert state_of(store.run(KEYS[1])).reason == "failed: bad data: this head alone"


def test_an_error_that_is_raised_is_of_all_that_have_no_result(tmp_path: Path) -> None:
    def script() -> Found:
        yield 1, outcome(1)
        raise ValueError("the encoder")

    store = computed(tmp_path, script)
    assert states_of(store) == [FAILED, DONE, FAILED]
    assert store.run(KEYS[1]).attempts()[0].failure() == {}
    assert state_of(store.run(KEYS[2])).reason == "failed: code error: the encoder"


def test_a_stop_is_noted_by_those_that_have_no_result(tmp_path: Path) -> None:
    def script() -> Found:
        yield 1, outcome(1)
        raise Interrupted(7)

    with pytest.raises(SystemExit) as leaving:
        computed(tmp_path, script)
    assert leaving.value.code == STOPPED_EXIT
    store = Store(tmp_path / "store")
    assert states_of(store) == [INTERRUPTED, DONE, INTERRUPTED]
    notes = [[entry.text for entry in store.run(key).attempts()[0].entries()] for key in KEYS]
    assert notes == [
        ["stopped on request: interrupted after step 7"],
        [],
        ["stopped on request: interrupted after step 7"],
    ]


@pytest.mark.parametrize("links", [True, False])
def test_what_they_print_stands_in_the_log_of_each(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("no links here")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refused)
    store = computed(tmp_path, lambda: iter([(place, outcome(place)) for place in range(3)]), capture=True)
    assert states_of(store) == [DONE] * 3
    logs = [store.run(key).attempts()[0].log_path() for key in KEYS]
    assert [path.read_text() for path in logs if path.exists()] == ["3 at work\n"] * (3 if links else 1)
