"""A small translation, attempted by hand on each rank: where it dies, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.distributed.collectives import all_ranks
from harness.distributed.world import World
from harness.files import sha256_of
from harness.grid.stage import Stage
from harness.grid.work import Work
from harness.tracking.attempt import Attempt
from harness.tracking.result import Artifact, Result
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store
from harness.training.interrupted import Interrupted
from jobs.translate import Translate
from support import ranks
from support.supervised_runs import DiedError, Stop

SEED, SIZE, BATCH, EPOCHS = 5, 16, 6, 3
WIDTHS, DECODER = (4, 8), (8, 4)


def settings(root: Path, **over: Any) -> dict[str, Any]:
    """Three epochs of three steps from H&E to pan-CK on the pairs under `root`, with the geometry of Table S1."""
    given = {
        "name": "translate",
        "data": {"name": "folder", "root": str(root / "pairs"), "size": SIZE},
        "view": "he",
        "target": "panck",
        "loss": "ssim",
        "encoder": {"name": "small_conv", "widths": list(WIDTHS)},
        "decoder": {"widths": list(DECODER)},
        "augmentation": "table_s1",
        "epochs": EPOCHS,
        "global_batch_size": BATCH,
        "optimiser": {"lr": 1e-2},
        "log_every": 1,
        "checkpoint_every": 2,
        "seed": SEED,
    }
    return given | over


def translation(given: dict[str, Any]) -> Translate:
    """The stage of these settings."""
    stage = read(Stage, given, "test")
    assert isinstance(stage, Translate)
    return stage


@dataclass(frozen=True)
class Trial:
    """One run.

    Attributes:
        store: Where.
        given: Its settings.
        stops: What ends each attempt but the last.
    """

    store: Path
    given: dict[str, Any]
    stops: tuple[Stop, ...] = ()


def results(trials: Sequence[Trial], world_size: int = 1) -> list[Result]:
    """Each trial's result; one rank is this process."""
    if world_size > 1:
        found = ranks.run(every, world_size, trials)[0]
    else:
        found = every(World(0, 1, torch.device("cpu")), trials)
    assert all(isinstance(each, Result) for each in found)
    return list(found)


def every(world: World, trials: Sequence[Trial]) -> list[Result | None]:
    """Each trial on this rank."""
    return [attempts(world, trial.store, trial.given, *trial.stops) for trial in trials]


def attempts(world: World, store: Path, given: dict[str, Any], *stops: Stop) -> Result | None:
    """As many attempts as there are stops, each of which ends its own, and a last one; the first rank's result."""
    for stop in stops:
        try:
            _attempt(world, store, given, stop)
        except (DiedError, Interrupted):
            continue
        raise AssertionError("the attempt went to its end")
    return _attempt(world, store, given, Stop())


def _attempt(world: World, store: Path, given: dict[str, Any], stop: Callable[[], bool]) -> Result | None:
    stage = translation(given)
    run = Store(store).run(stage.key())
    if world.rank == 0:
        run.create(identity(stage), to_plain(stage))
        run.new_attempt()
    all_ranks(torch.zeros(1))  # the folder is there
    attempt = run.attempts()[-1]
    if world.rank > 0:
        stage(Work(Store(store), run, attempt, world, None, 1, stop))
        return None
    with attempt.journal() as journal:
        outcome = stage(Work(Store(store), run, attempt, world, journal, 1, stop))
    found = {
        name: Artifact(str(path.relative_to(run.path)), sha256_of(path)) for name, path in outcome.artifacts.items()
    }
    result = Result(run.key, attempt.number, outcome.metrics, outcome.facts, found, 0.0, 0.0)
    run.publish(result)
    return result


def folder_of(store: Path, given: dict[str, Any]) -> RunFolder:
    """The run's folder."""
    return Store(store).run(translation(given).key())


def history(run: RunFolder) -> dict[int, dict[str, float]]:
    """The metrics of each step, without those of the clock."""
    return {entry.step: {n: v for n, v in entry.values.items() if not n.startswith("rate/")} for entry in run.history()}


def starts(run: RunFolder) -> list[int]:
    """The step at which each attempt began."""
    return [entry.step for each in run.attempts() for entry in _entries(each) if entry.kind == "start"]


def _entries(attempt: Attempt) -> list[Any]:
    return list(attempt.entries())
