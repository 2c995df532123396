"""Which entries are due: against the history of the run folder, over random lives of a run."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from harness.tracking.replica.replay import Cursor, due, ended, is_stale, shares, started
from harness.tracking.run_folder import RunFolder
from support.run_folders import MadeRun

Sent = list[tuple[str, float, int, int]]


def sent_by(run: RunFolder, cursor: Cursor, status: str) -> tuple[Sent, Cursor]:
    new = due(shares(run), cursor, status)
    return [(point.key, point.value, point.time, point.step) for point in new.points], new.cursor


def history(run: RunFolder) -> Sent:
    return [
        (name, value, round(entry.time * 1000), entry.step)
        for entry in run.history()
        for name, value in entry.values.items()
    ]


def live(made: MadeRun, dice: random.Random) -> None:
    """One thing that may happen to a run: training, a checkpoint, or a new attempt from some checkpoint."""
    step = max((entry.step for attempt in made.folder.attempts() for entry in attempt.entries()), default=0)
    what = dice.choice(["train", "train", "checkpoint", "resume"])
    if what == "train":
        made.train(step + 1, step + dice.randint(1, 4), every=1)
    elif what == "checkpoint":
        made.checkpoint(step)
    else:
        made.begin(dice.choice([0, step, max(0, step - dice.randint(0, 6))]))


@pytest.mark.parametrize("seed", range(40))
def test_replayed_piece_by_piece_it_is_the_history(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    made = MadeRun.at(tmp_path, "pretrain/ab").begin()
    sent: Sent = []
    cursor = Cursor()
    for _ in range(30):
        live(made, dice)
        if dice.random() < 0.6:
            status = dice.choice(["RUNNING", "RUNNING", "KILLED", "FAILED"])
            if is_stale(shares(made.folder), cursor.attempt, cursor.step):
                sent, cursor = [], Cursor()
            new, cursor = sent_by(made.folder, cursor, status)
            sent += new
            assert set(sent) <= set(history(made.folder))
    if is_stale(shares(made.folder), cursor.attempt, cursor.step):
        sent, cursor = [], Cursor()
    sent += sent_by(made.folder, cursor, "FINISHED")[0]
    assert sorted(sent) == sorted(history(made.folder))


def test_a_living_run_sends_what_a_checkpoint_covers(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab").begin().train(10, 50)
    assert due(shares(made.folder), Cursor(), "RUNNING").points == ()
    made.checkpoint(30)
    points = due(shares(made.folder), Cursor(), "RUNNING").points
    assert {point.step for point in points} == {10, 20, 30}
    assert {point.step for point in due(shares(made.folder), Cursor(), "FAILED").points} == {10, 20, 30, 40, 50}


def test_a_new_attempt_covers_the_steps_that_it_goes_on_from(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab").begin().train(10, 130).checkpoint(100)
    first = due(shares(made.folder), Cursor(), "RUNNING")
    assert first.cursor.step == 100
    made.begin(100).train(110, 120)
    assert not is_stale(shares(made.folder), first.cursor.attempt, first.cursor.step)
    assert due(shares(made.folder), first.cursor, "RUNNING").points == ()
    last = due(shares(made.folder), first.cursor, "FINISHED").points
    assert [point.step for point in last if point.key == "train/loss"] == [110, 120]
    assert min(point.time for point in last) > first.cursor.time + 3000


def test_a_replica_that_reaches_beyond_the_checkpoint_is_stale_once_the_steps_are_redone(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab").begin().train(10, 130).checkpoint(100)
    reach = due(shares(made.folder), Cursor(), "FAILED").cursor
    assert not is_stale(shares(made.folder), reach.attempt, reach.step)
    made.begin(100)
    assert is_stale(shares(made.folder), reach.attempt, reach.step)


def test_torn_lines_and_entries_that_are_none_are_counted_and_passed_over(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab").begin().train(10, 20)
    with open(made.journal_path, "a") as file:
        file.write(
            '{"t": 1.0, "kind": "metrics", "st\n{"t": 2.0, "kind": "metrics", "step": 5, "values": {"a": "b"}}\n'
        )
        file.write('{"t": "then", "kind": "metrics", "step": 5}\n')
    made.train(30, 40)
    new = due(shares(made.folder), Cursor(), "FINISHED")
    assert [point.step for point in new.points if point.key == "train/loss"] == [10, 20, 30, 40]
    assert new.cursor.torn == 3
    assert due(shares(made.folder), new.cursor, "FINISHED").cursor == new.cursor


def test_half_a_line_at_the_end_is_awaited(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab").begin().train(10, 20)
    whole = made.journal_path.read_bytes()
    made.journal_path.write_bytes(whole[:-5])
    first = due(shares(made.folder), Cursor(), "FAILED")
    assert first.cursor.step == 10
    made.journal_path.write_bytes(whole)
    second = due(shares(made.folder), first.cursor, "FAILED")
    assert [point.step for point in second.points if point.key == "train/loss"] == [20]
    assert second.cursor.torn == 0


def test_a_run_starts_and_ends_when_its_folder_says_so(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab")
    assert started(made.folder) is None
    made.begin().train(10, 30)
    assert started(made.folder) == 1_700_000_000_000
    assert ended(made.folder, "RUNNING") is None
    assert ended(made.folder, "KILLED") == 1_700_000_004_000
    made.begin(30).train(40, 40).finish({})
    assert started(made.folder) == 1_700_000_000_000
    assert ended(made.folder, "FINISHED") == round(made.now * 1000)


def test_a_failure_before_anything_else_is_the_start(tmp_path: Path) -> None:
    made = MadeRun.at(tmp_path, "pretrain/ab")
    attempt = made.folder.new_attempt()
    assert started(made.folder) is None
    attempt.fail(ValueError("no"), 0)
    assert started(made.folder) == round(attempt.failure()["time"] * 1000) == ended(made.folder, "FAILED")


def test_an_attempt_that_begins_while_a_pass_looks_is_the_next_passs(tmp_path: Path) -> None:
    """Judged stale by one look and replayed by another, the replica would keep what was done again."""
    made = MadeRun.at(tmp_path, "pretrain/ab").begin().train(10, 130).checkpoint(100)
    looked = shares(made.folder)
    made.begin(100).train(110, 120)
    reach = due(looked, Cursor(), "FAILED").cursor
    assert (reach.attempt, reach.step) == (1, 130)
    assert is_stale(shares(made.folder), reach.attempt, reach.step)
