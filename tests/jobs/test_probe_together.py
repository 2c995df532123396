"""Heads that are trained on augmented patches together: one pass an epoch, and each the bits that it has alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.augment.table_s1 import TableS1
from harness.errors import StoreError
from harness.evaluation.heads.stepped import Stepped
from harness.grid.states import DONE, FAILED, INTERRUPTED, state_of
from harness.launch.local import Local
from harness.launch.queue import Queue
from harness.tracking.store import Store
from harness.training.checkpoint import Checkpoints
from harness.training.interrupted import Interrupted
from jobs.probe import Probe
from support.grids import plan_of, write_grid
from support.probing import HEAD, SEED, TEST, TRAIN, Bench, Counter
from support.processes import ROOT, start
from support.silent import Silent

EPOCHS = 3
OVERS: list[dict[str, Any]] = [
    {},
    {"seed": 7},
    {"head": {**HEAD, "learning_rate": 0.1}},
    {"head": {**HEAD, "epochs": 5}},
    {"head": {"name": "linear", "steps": 6, "global_batch_size": 8}},
    {"head": {**HEAD, "name": "mlp256"}},
    {"label": "half", "head": {**HEAD, "name": "bn_linear", "global_batch_size": 5}},
]
LONGEST = 5


def augmented(bench: Bench, over: dict[str, Any]) -> Probe:
    return bench.probe(head_inputs="augmented", **over)


@pytest.fixture(scope="module")
def alone(trained: Bench, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The digest of each head's predictions, trained by itself, in one go."""
    bench = trained.copied(tmp_path_factory.mktemp("alone"))
    found = [bench.run(augmented(bench, over)) for over in OVERS]
    assert len(set(found)) == len(found)
    return found


class After:
    """Asks for a stop after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __call__(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_together_is_as_alone_on_a_pass_for_each_epoch(
    bench: Bench, alone: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = Counter(monkeypatch)
    assert bench.run_together([augmented(bench, over) for over in OVERS]) == alone
    assert passes.taken() == LONGEST * TRAIN + TEST, "and one of the test split, for all"


def test_other_training_rows_have_passes_of_their_own(
    bench: Bench, trained: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = [augmented(bench, {**over, "fraction": 0.5}) for over in OVERS[:2]]
    elsewhere = trained.copied(tmp_path / "elsewhere")
    expected = [elsewhere.run(probe) for probe in halves]
    passes = Counter(monkeypatch)
    assert bench.run_together([*halves, augmented(bench, {})])[:2] == expected
    in_half = 15  # of each class of 9 the 5 with the lowest keys
    assert passes.taken() == EPOCHS * (TRAIN + in_half) + TEST


def test_draws_are_those_of_the_run_that_trained_the_encoder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, build = [], TableS1.build

    def built(augmentation: TableS1, seed: int) -> object:
        asked.append(seed)
        return build(augmentation, seed)

    monkeypatch.setattr(TableS1, "build", built)
    bench.run(augmented(bench, {"seed": 7}))
    assert asked == [SEED]


def test_which_probes_are_computed_together(bench: Bench) -> None:
    groups = {augmented(bench, over).together() for over in OVERS}
    assert len(groups) == 1
    assert None not in groups
    features = {"name": "encoder", "run": bench.trained, "branch": 1}
    others: list[dict[str, Any]] = [{"features": features}, {"view": "downsample:he"}, {"augmentation": "none"}]
    assert len({augmented(bench, over).together() for over in others} | groups) == 4
    assert bench.probe().together() is None


@pytest.mark.parametrize("overs", [OVERS[:1], OVERS], ids=["one", "several"])
@pytest.mark.parametrize("looks", [0, 1])
def test_stopped_and_gone_on_with_is_as_in_one_go(
    bench: Bench, alone: list[str], overs: list[dict[str, Any]], looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = [augmented(bench, over) for over in overs]
    with pytest.raises(Interrupted):
        bench.run_together(probes, stop=After(looks))
    assert all(checkpoint(bench, probe) for probe in probes)
    passes = Counter(monkeypatch)
    assert bench.run_together(probes) == alone[: len(probes)]
    whole = EPOCHS if len(probes) == 1 else LONGEST
    assert passes.taken() <= (whole - 1) * TRAIN + TEST, "the first epoch is not gone through again"


def checkpoint(bench: Bench, probe: Probe) -> tuple[int, Any] | None:
    return Checkpoints(bench.store.run(probe.key()).checkpoints).newest(lambda text: None)


def test_heads_that_have_come_to_different_epochs_end_the_same(bench: Bench, alone: list[str]) -> None:
    probes = [augmented(bench, over) for over in OVERS]
    with pytest.raises(Interrupted):
        bench.run_together(probes[:2], stop=After(1))
    with pytest.raises(Interrupted):
        bench.run_together(probes[2:4], stop=After(0))
    assert bench.run_together(probes) == alone


KILLED = """
import json, sys
from pathlib import Path

tests, root, trained, data, overs, stay = sys.argv[1:]
sys.path.append(tests)

from harness.tracking.store import Store
from jobs.run.augmented import AugmentedHead
from support.probing import Bench

bench = Bench(Store(Path(root)), trained, json.loads(data))
save, saved = AugmentedHead.checkpoint, []


def checkpoint(head):
    save(head)
    saved.append(head)
    if len(saved) == int(stay):
        print("there", flush=True)
        input()


AugmentedHead.checkpoint = checkpoint
bench.submit([bench.probe(head_inputs="augmented", **over) for over in json.loads(overs)])
"""


def submitting(bench: Bench, number: int, stay: int) -> subprocess.Popen[str]:
    """A worker of its own that computes the first heads, and waits for ever after so many checkpoints; 0 is never."""
    words = [ROOT / "tests", bench.store.root, bench.trained, json.dumps(bench.data), json.dumps(OVERS[:number]), stay]
    return start(KILLED, *words)


@pytest.mark.parametrize(("number", "stay"), [(1, 2), (len(OVERS), 3), (len(OVERS), len(OVERS) + 2)])
def test_killed_and_started_again_it_is_as_in_one_go(bench: Bench, tmp_path: Path, number: int, stay: int) -> None:
    """Killed right after some head's checkpoint, while others of the group are an epoch behind; each worker is new."""
    whole = bench.copied(tmp_path / "whole")
    with submitting(whole, number, 0) as process:
        process.communicate()
    with submitting(bench, number, stay) as process:
        assert process.stdout is not None
        assert "there\n" in iter(process.stdout.readline, "")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    probes = [augmented(bench, over) for over in OVERS[:number]]
    assert {state_of(bench.store.run(probe.key())).name for probe in probes} <= {INTERRUPTED, DONE}
    with submitting(bench, number, 0) as process:
        process.communicate()
    assert [bench.published(probe) for probe in probes] == [whole.published(probe) for probe in probes]
    for probe in probes:
        assert not bench.store.run(probe.key()).checkpoints.exists()


def test_a_worker_publishes_each_in_its_own_folder(
    bench: Bench, alone: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = [augmented(bench, over) for over in OVERS]
    passes = Counter(monkeypatch)
    bench.submit(probes)
    assert [bench.published(probe) for probe in probes] == alone
    assert passes.taken() == LONGEST * TRAIN + TEST
    for probe in probes:
        history = bench.store.run(probe.key()).history()
        result = bench.store.run(probe.key()).result()
        assert result is not None
        assert [dict(entry.values) for entry in history] == [dict(result.metrics)]
        assert result.provenance["together"] == len(probes)
        assert len(bench.attempts(probe)) == 1
    bench.submit(probes)
    assert {len(bench.attempts(probe)) for probe in probes} == {1}
    assert not passes.taken()


def test_heads_of_a_grid_share_a_local_job(tmp_path: Path) -> None:
    heads = {"stage": "probe", "label": "tissue", "head": HEAD, "head_inputs": "augmented"}
    then = [{**heads, "axes": {"head_seed": {"one": {"seed": 1}, "two": {"seed": 2}}}}]
    over = {"then": then, "floors": [], "table": None, "axes": {"seed": [0]}}
    path = write_grid(tmp_path, {**over, "exclude": [{"pair": "symmetric"}]})
    store = Store(tmp_path / "store")
    plan = plan_of(path, store.root)
    Queue(plan, plan.save(store.grid(plan.grid)), store, Local(max_slots=1), Silent()).run()
    probes = [store.run(run.key) for run in plan.of("probe")]
    assert [state_of(run).name for run in probes] == [DONE] * 2
    assert len({run.attempts()[0].log_path().stat().st_ino for run in probes}) == 1


def test_cached_probes_of_the_same_job_are_computed_beside_them(bench: Bench, alone: list[str]) -> None:
    cached = bench.probe()
    bench.submit([augmented(bench, OVERS[0]), cached, augmented(bench, OVERS[1])])
    assert [bench.published(augmented(bench, over)) for over in OVERS[:2]] == alone[:2]
    assert bench.published(cached) not in alone


def test_one_that_has_a_result_or_is_held_is_left_out(bench: Bench, alone: list[str]) -> None:
    probes = [augmented(bench, over) for over in OVERS[:3]]
    bench.submit(probes[:1])
    with bench.store.run(probes[1].key()).held():
        bench.submit(probes)
    assert bench.store.run(probes[1].key()).result() is None
    assert bench.attempts(probes[1]) == []
    assert [bench.published(probe) for probe in (probes[0], probes[2])] == [alone[0], alone[2]]
    assert len(bench.attempts(probes[0])) == 1


def test_an_error_of_one_head_is_its_own(bench: Bench, alone: list[str]) -> None:
    """A batch norm has no deviation of a single sample."""
    lone = augmented(bench, {"head": {**HEAD, "name": "bn_linear", "global_batch_size": 1}})
    probes = [augmented(bench, OVERS[0]), lone, augmented(bench, OVERS[1])]
    bench.submit(probes)
    assert [bench.published(probe) for probe in (probes[0], probes[2])] == alone[:2]
    state = state_of(bench.store.run(lone.key()))
    assert state.name == FAILED
    assert "the head 'bn_linear' has a batch norm" in state.reason


def test_an_error_of_the_encoder_is_that_of_every_head(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such convolution")

    monkeypatch.setattr("jobs.run.represent.AugmentedFeatures.__call__", broken)
    probes = [augmented(bench, over) for over in OVERS[:2]]
    bench.submit(probes)
    for probe in probes:
        state = state_of(bench.store.run(probe.key()))
        assert (state.name, state.reason) == (FAILED, "failed: code error: no such convolution")


def test_a_head_that_is_done_is_published_though_others_are_stopped(
    bench: Bench, alone: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = [augmented(bench, {}), augmented(bench, OVERS[3])]
    stop_after(monkeypatch, EPOCHS - 1)
    with pytest.raises(SystemExit) as leaving:
        bench.submit(probes)
    assert leaving.value.code == 75
    assert bench.published(probes[0]) == alone[0]
    run = bench.store.run(probes[1].key())
    assert state_of(run).name == INTERRUPTED
    notes = [entry.text for entry in run.attempts()[-1].entries() if entry.kind == "note"]
    assert notes == [f"stopped on request: interrupted after step {EPOCHS * -(-TRAIN // 8)}"]
    done = bench.store.run(probes[0].key()).attempts()[-1]
    assert not [entry for entry in done.entries() if entry.kind == "note"]
    monkeypatch.undo()
    bench.submit(probes)
    assert bench.published(probes[1]) == alone[3]


def stop_after(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    """Let the worker's flag be set when so many epochs have ended."""
    looks = After(epochs + 1)  # the worker looks once before it begins
    monkeypatch.setattr("harness.launch.worker.StopFlag.__call__", lambda self: looks())


@pytest.mark.parametrize("harm", ["head", "torn"])
def test_a_checkpoint_that_is_no_good(bench: Bench, alone: list[str], harm: str) -> None:
    probe = augmented(bench, {})
    with pytest.raises(Interrupted):
        bench.run_together([probe], stop=After(1))
    folder = bench.store.run(probe.key()).checkpoints
    if harm == "torn":
        newest = sorted(folder.iterdir())[-1]
        newest.write_bytes(newest.read_bytes()[:-1])
        assert bench.run(probe) == alone[0]
        notes = [entry.text for entry in bench.attempts(probe)[-1].entries() if entry.kind == "note"]
        assert len(notes) == 1
        assert "is damaged and was passed over" in notes[0]
        return
    Checkpoints(folder).clear()
    other = bench.probe(head={**HEAD, "name": "mlp256"}).head
    assert isinstance(other, Stepped)
    Checkpoints(folder).save(4, other.begin(8, np.zeros(TRAIN, np.int64), 3, 0).state())
    with pytest.raises(StoreError, match="the checkpoint of step 4 is of another head"):
        bench.run(probe)
