"""A store with one trained encoder pair, and probes of it that are run one by one, together, or by a worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.distributed.world import World
from harness.errors import HarnessError
from harness.evaluation.predictions import read_predictions
from harness.files import sha256_of
from harness.grid.plan import Plan, PlannedRun
from harness.grid.stage import Outcome, Stage
from harness.grid.work import Work
from harness.launch import Request
from harness.launch.inline import Inline
from harness.launch.queue import Queue
from harness.launch.worker import work
from harness.models.nets.shell import EncoderModule
from harness.tracking.attempt import Attempt
from harness.tracking.store import Store
from jobs.probe import Probe
from support.grids import plan_of, write_grid
from support.images import CLASSES, make_folder, read_rows, write_table
from support.silent import Silent

TRAIN, TEST, SIZE, SEED = 27, 9, 32, 3
HALVES = ("left", "right")
HEAD = {"name": "linear", "epochs": 3, "global_batch_size": 8, "learning_rate": 0.01}


@dataclass(frozen=True)
class Bench:
    """A store with a trained pair of encoders, on 36 pairs with the labels `tissue` and `half`."""

    store: Store
    trained: str
    data: dict[str, Any]

    def copied(self, folder: Path) -> Bench:
        """The same in a folder of its own."""
        shutil.copytree(self.store.root, folder / "store")
        return Bench(Store(folder / "store"), self.trained, self.data)

    def probe(self, **over: Any) -> Probe:
        """A probe of the first branch, of H&E."""
        given = {"data": self.data, "view": "he", "label": "tissue", "head": HEAD, "seed": SEED}
        features = {"name": "encoder", "run": self.trained, "branch": 0}
        stage = read(Stage, {"name": "probe", "features": features, **given, **over}, "test")
        assert isinstance(stage, Probe)
        return stage

    def work(self, probe: Probe, stack: ExitStack, stop: Callable[[], bool] = lambda: False, threads: int = 1) -> Work:
        """A new attempt at a probe."""
        folder = self.store.run(probe.key())
        folder.create(identity(probe), to_plain(probe))
        attempt = folder.new_attempt()
        journal = stack.enter_context(attempt.journal())
        return Work(self.store, folder, attempt, World(0, 1, torch.device("cpu")), journal, threads, stop)

    def run(self, probe: Probe, threads: int = 1) -> str:
        """The digest of a probe's predictions."""
        with ExitStack() as stack:
            return digest_of(probe(self.work(probe, stack, threads=threads)))

    def run_together(self, probes: Sequence[Probe], stop: Callable[[], bool] = lambda: False) -> list[str]:
        """The digests of the predictions of probes that are computed in one call."""
        found: dict[int, str] = {}
        with ExitStack() as stack:
            parts = [(probe, self.work(probe, stack, stop)) for probe in probes]
            for place, outcome in Probe.compute_together(parts):
                found[place] = digest_of(outcome)
        return [found[place] for place in range(len(probes))]

    def submit(self, probes: Sequence[Probe]) -> Plan:
        """Let a worker compute probes in one job, in this process."""
        runs = tuple(_planned(probe) for probe in probes)
        plan = Plan("probes", "probes", "test", {}, runs)
        folder = self.store.grid(plan.grid)
        request = Request(
            self.store.root, plan.save(folder), tuple(run.key for run in runs), 1, 1, "t", folder / "jobs"
        )
        work(request, "inline", capture=False)
        return plan

    def published(self, probe: Probe) -> str:
        """The digest of a finished probe's predictions."""
        run = self.store.run(probe.key())
        result = run.result()
        assert result is not None, [attempt.failure() for attempt in run.attempts()]
        return content_of(run.path / result.artifacts["predictions"].path)

    def kept(self) -> list[Path]:
        """The files of kept features."""
        return sorted(path for path in (self.store.root / "features").glob("*") if path.suffix != ".lock")

    def attempts(self, probe: Probe) -> list[Attempt]:
        return self.store.run(probe.key()).attempts()


def digest_of(outcome: Outcome | HarnessError) -> str:
    """Of an outcome's predictions."""
    assert isinstance(outcome, Outcome), outcome
    return content_of(outcome.artifacts["predictions"])


def content_of(path: Path) -> str:
    """Of a file of predictions, which must hold finite ones."""
    assert len(read_predictions(path).labels) == TEST
    return sha256_of(path)


def _planned(probe: Probe) -> PlannedRun:
    own = identity(probe)
    return PlannedRun(probe.key(), "cell", probe.name, probe.seed, to_plain(probe), own, probe.inputs(), ({},))


def make_bench(folder: Path) -> Bench:
    """Make the data and train a pair of small encoders on it."""
    labels = {
        "tissue": {"column": "tissue", "classes": list(CLASSES), "derived_from": ["panck"]},
        "half": {"column": "half", "classes": list(HALVES), "derived_from": []},
    }
    make_folder(folder / "pairs", n=TRAIN + TEST, size=SIZE, labels=labels)
    rows = read_rows(folder / "pairs" / "manifest.csv")
    write_table(
        folder / "pairs" / "manifest.csv",
        [{**row, "half": HALVES[number // 4 % 2]} for number, row in enumerate(rows)],
    )
    axes = {"pair": {"asymmetric": {"views": ["he", "panck"]}}, "seed": [SEED]}
    over = {"data": {"size": SIZE}, "axes": axes, "then": [], "floors": []}
    path = write_grid(folder, {**over, "exclude": [{"pair": "symmetric"}], "table": None})
    store = Store(folder / "store")
    plan = plan_of(path, store.root)
    Queue(plan, plan.save(store.grid(plan.grid)), store, Inline(), Silent()).run()
    (run,) = plan.runs
    assert store.run(run.key).result() is not None
    return Bench(store, run.key, dict(run.settings["data"]))


class Counter:
    """Counts the samples that go through any encoder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.samples = 0
        forward = EncoderModule.forward

        def counted(module: EncoderModule, x: torch.Tensor) -> torch.Tensor:
            self.samples += len(x)
            return forward(module, x)

        monkeypatch.setattr(EncoderModule, "forward", counted)

    def taken(self) -> int:
        """How many since the last time."""
        found, self.samples = self.samples, 0
        return found
