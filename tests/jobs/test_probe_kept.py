"""Features are made once for all heads of an encoder, and are the same bits from a file as from a pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.config.plain import to_plain
from harness.config.read import read
from harness.files import sha256_of
from harness.grid.stage import Stage
from harness.models.encoders import Encoder
from jobs.pretrain import Pretrain
from jobs.run import kept
from support.probing import HEAD, TEST, TRAIN, Bench, Counter
from support.processes import ROOT, together

HEADS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "another seed": {"seed": 7},
    "another rate": {"head": {**HEAD, "learning_rate": 0.1}},
    "another length": {"head": {"name": "linear", "steps": 5, "global_batch_size": 8}},
    "another label": {"label": "half"},
    "neighbours": {"head": {"name": "knn", "k": 3}},
    "a hidden layer": {"head": {**HEAD, "name": "mlp256"}},
}
RANDOM = {"name": "random_encoder", "encoder": {"name": "small_conv", "widths": [4, 8]}}


def test_one_pass_serves_every_head(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = Counter(monkeypatch)
    for number, over in enumerate(HEADS.values()):
        bench.run(bench.probe(**over))
        assert passes.taken() == (0 if number else TRAIN + TEST)
    assert len(bench.kept()) == 1


@pytest.mark.parametrize("over", [*HEADS.values(), {"features": RANDOM}, {"fraction": 0.5}])
def test_a_file_gives_the_bits_of_a_pass(bench: Bench, over: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    passes = Counter(monkeypatch)
    alone = bench.run(bench.probe(**over, keep_features=False))
    assert bench.kept() == []
    assert passes.taken()
    cold = bench.run(bench.probe(**over))
    assert passes.taken()
    warm = bench.run(bench.probe(**over))
    assert not passes.taken()
    assert cold == warm == alone


def test_keeping_features_is_no_part_of_a_runs_identity(bench: Bench) -> None:
    assert bench.probe(keep_features=False).key() == bench.probe().key()
    settings = to_plain(bench.probe())
    del settings["keep_features"]
    assert read(Stage, settings, "test").key() == bench.probe().key(), "as results of 0.1.0 have it"


@pytest.mark.parametrize(
    "over",
    [
        {"view": "downsample:he"},
        {"fraction": 0.5},
        {"features": RANDOM},
        {"features": {**RANDOM, "encoder": {"name": "small_conv", "widths": [4, 4]}}},
    ],
)
def test_what_gives_other_features_has_a_pass_and_a_file_of_its_own(
    bench: Bench, over: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(bench.probe())
    passes = Counter(monkeypatch)
    bench.run(bench.probe(**over))
    assert passes.taken()
    assert len(bench.kept()) == 2


def test_the_other_branch_has_its_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    features = {"name": "encoder", "run": bench.trained, "branch": 1}
    passes = Counter(monkeypatch)
    for over in ({}, {"features": features}, {"features": features, "view": "panck"}):
        bench.run(bench.probe(**over))
        assert passes.taken() == TRAIN + TEST
    assert len(bench.kept()) == 3


def test_branches_of_one_encoder_have_their_own_where_their_inputs_are_scaled_otherwise(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pretrain, "encoder_of", lambda self, branch: (self.encoders[0], "encoder_0"))
    found = [
        bench.run(bench.probe(features={"name": "encoder", "run": bench.trained, "branch": branch}))
        for branch in (0, 1)
    ]
    assert len(bench.kept()) == 2
    assert found[0] != found[1]


def test_a_random_encoder_is_shared_by_heads_of_its_seed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = Counter(monkeypatch)
    for over, expected in (({}, True), ({"head": {"name": "knn", "k": 3}}, False), ({"seed": 8}, True)):
        bench.run(bench.probe(features=RANDOM, **over))
        assert bool(passes.taken()) == expected


def test_weights_that_were_exchanged_are_not_taken_for_the_old_ones(bench: Bench) -> None:
    """The same run and settings, other bytes in the encoder's file."""
    from harness.models.files import load_encoder, save_encoder

    bench.run(bench.probe())
    run = bench.store.run(bench.trained)
    result = run.result()
    assert result is not None
    path = run.path / result.artifacts["encoder_0"].path
    encoder = read(Encoder, {"name": "small_conv", "widths": [4, 8]}, "test").build(3)
    save_encoder(path, encoder, load_encoder(path)[1])
    bench.run(bench.probe())
    assert len(bench.kept()) == 2


def test_threads_and_libraries_are_part_of_the_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run(bench.probe())
    monkeypatch.setattr(kept, "version", lambda name: "another")
    bench.run(bench.probe())
    monkeypatch.setattr(kept, "REVISION", kept.REVISION + 1)
    bench.run(bench.probe())
    assert len(bench.kept()) == 3
    bench.run(bench.probe(), threads=2)
    assert len(bench.kept()) == 4


@pytest.mark.parametrize("damage", ["flipped", "cut off", "too long", "no head", "empty", "of another view"])
def test_a_damaged_file_is_noted_and_made_again(bench: Bench, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = bench.probe()
    expected = bench.run(probe)
    (path,) = bench.kept()
    whole = path.read_bytes()
    bench.run(bench.probe(view="downsample:he"))
    (other,) = set(bench.kept()) - {path}
    path.write_bytes(other.read_bytes() if damage == "of another view" else damaged(whole, damage))
    passes = Counter(monkeypatch)
    assert bench.run(probe) == expected
    assert passes.taken() == TRAIN + TEST
    assert path.read_bytes() == whole
    notes = [entry.text for entry in bench.attempts(probe)[-1].entries() if entry.kind == "note"]
    assert notes == [f"the features {path.name[:12]} are damaged and are made again"]
    assert bench.run(probe) == expected
    assert not passes.taken()


def damaged(whole: bytes, how: str) -> bytes:
    if how == "flipped":
        return whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    return {"cut off": whole[:-4], "too long": whole + b"\0" * 4, "no head": b"\n" + whole, "empty": b""}[how]


def test_a_full_disk_costs_the_file_and_not_the_probe(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    expected = bench.run(bench.probe(keep_features=False))
    monkeypatch.setattr(kept, "write_features", no_room)
    passes = Counter(monkeypatch)
    probe = bench.probe()
    assert bench.run(probe) == expected
    assert passes.taken() == TRAIN + TEST, "what was made is used, not made again"
    assert bench.kept() == []
    notes = [entry.text for entry in bench.attempts(probe)[-1].entries() if entry.kind == "note"]
    assert len(notes) == 1
    assert notes[0].startswith("the features are not kept: no room is left")


TOGETHER = """
import json, sys, time
from pathlib import Path

tests, root, trained, data, seed = sys.argv[1:]
sys.path.append(tests)

from harness.models.nets.shell import EncoderModule
from harness.tracking.store import Store
from support.probing import Bench

bench = Bench(Store(Path(root)), trained, json.loads(data))
forward, count = EncoderModule.forward, [0]

def counted(module, x):
    count[0] += len(x)
    time.sleep(0.5)
    return forward(module, x)

EncoderModule.forward = counted
print("ready", flush=True)
input()
print(bench.run(bench.probe(seed=int(seed))), count[0])
"""


def test_two_processes_make_them_once(bench: Bench) -> None:
    arguments = [ROOT / "tests", bench.store.root, bench.trained, json.dumps(bench.data)]
    printed = together(TOGETHER, [[*arguments, seed] for seed in (1, 2)])
    found = [text.splitlines()[-1].split() for text in printed]
    assert sorted(int(count) for _, count in found) == [0, TRAIN + TEST]
    assert len(bench.kept()) == 1
    assert [digest for digest, _ in found] == [bench.run(bench.probe(seed=seed)) for seed in (1, 2)]


def test_what_a_dead_process_left_is_cleared(bench: Bench) -> None:
    expected = bench.run(bench.probe())
    (path,) = bench.kept()
    digest = sha256_of(path)
    left = path.with_name(f"{path.name}.tmp-0123abcd")
    path.rename(left)
    assert bench.run(bench.probe()) == expected
    assert not left.exists()
    assert sha256_of(path) == digest
