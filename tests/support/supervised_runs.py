"""A small supervised run, attempted by hand on each rank: where it dies, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.distributed.world import World
from harness.files import sha256_of
from harness.grid.stage import Stage
from harness.grid.work import Work
from harness.tracking.store import Store
from harness.training.interrupted import Interrupted
from support.images import CLASSES, edit_row, make_folder, read_rows, write_table

SEED, BATCH, EPOCHS, LR, WIDTHS = 3, 6, 3, 1e-2, (4, 8)
UNLABELLED = (1, 2, 9, 16, 20)
"""Rows of the table without a class; all of the training split."""


def data(root: Path) -> Path:
    """Thirty-two pairs, twenty-four of them to train on, of which nineteen have a class."""
    made = make_folder(root / "pairs", n=32)
    for row in UNLABELLED:
        edit_row(made, row, tissue="")
    return made


TISSUE = {"column": "tissue", "classes": list(CLASSES), "derived_from": ["panck"]}
CELL = {"column": "cell", "classes": ["small", "large"], "derived_from": ["panck"]}


def two_labels(root: Path) -> Path:
    """Forty pairs with a tissue and a cell type, which follow different bits of the row's number."""
    made = make_folder(root / "pairs", n=40, groups=8, labels={"tissue": TISSUE, "cell": CELL})
    rows = read_rows(made / "manifest.csv")
    write_table(made / "manifest.csv", [{**row, "cell": _cell(number)} for number, row in enumerate(rows)])
    return made


def _cell(number: int) -> str:
    return ("small", "large")[number // 8 % 2]


def settings(root: Path, **over: Any) -> dict[str, Any]:
    """Three epochs of three steps on the data under `root`, without augmentation."""
    given = {
        "name": "supervise",
        "data": {"name": "folder", "root": str(root / "pairs"), "size": 16},
        "view": "he",
        "label": "tissue",
        "encoder": {"name": "small_conv", "widths": list(WIDTHS)},
        "augmentation": "none",
        "epochs": EPOCHS,
        "global_batch_size": BATCH,
        "optimiser": {"lr": LR},
        "log_every": 1,
        "checkpoint_every": 2,
        "seed": SEED,
    }
    return given | over


class DiedError(Exception):
    """What a rank raises where a machine would have gone away."""


@dataclass
class Stop:
    """Asked after each step: dies without a word, or says that the run should end, when so many were taken."""

    dies_at: int | None = None
    stops_at: int | None = None
    asked: int = 0

    def __call__(self) -> bool:
        self.asked += 1
        if self.asked == self.dies_at:
            raise DiedError
        return self.asked == self.stops_at


@dataclass(frozen=True)
class Found:
    """What a finished run left.

    Attributes:
        metrics: Of the outcome.
        facts: Of the outcome.
        digests: SHA-256 of each artifact.
        paths: The artifacts.
        history: The metrics of each step, without those of the clock.
        starts: The step at which each attempt began.
    """

    metrics: Mapping[str, float]
    facts: Mapping[str, Any]
    digests: Mapping[str, str]
    paths: Mapping[str, Path]
    history: Mapping[int, Mapping[str, float]]
    starts: list[int] = field(default_factory=list)


def attempts(world: World, store: Path, given: dict[str, Any], *stops: Stop) -> Found | None:
    """As many attempts as there are stops, each of which ends its own, and a last one; the first rank's findings."""
    for stop in stops:
        try:
            _attempt(world, store, given, stop)
        except (DiedError, Interrupted):
            continue
        raise AssertionError("the attempt went to its end")
    return _attempt(world, store, given, Stop())


def deaths(world: World, folder: Path, given: dict[str, Any]) -> dict[int, Found | None]:
    """The findings of runs that died once, each after another step."""
    return {step: attempts(world, folder / f"{step}", given, Stop(dies_at=step)) for step in range(1, EPOCHS * 3 + 1)}


def _attempt(world: World, store: Path, given: dict[str, Any], stop: Callable[[], bool]) -> Found | None:
    stage = read(Stage, given, "test")
    run = Store(store).run(stage.key())
    if world.rank > 0:
        stage(Work(Store(store), run, run.path, world, None, 1, stop))  # type: ignore[arg-type]
        return None
    run.create(identity(stage), to_plain(stage))
    attempt = run.new_attempt()
    with attempt.journal() as journal:
        outcome = stage(Work(Store(store), run, attempt, world, journal, 1, stop))
    return Found(
        metrics=dict(outcome.metrics),
        facts=dict(outcome.facts),
        digests={name: sha256_of(path) for name, path in outcome.artifacts.items()},
        paths=dict(outcome.artifacts),
        history={entry.step: _steady(entry.values) for entry in run.history()},
        starts=[entry.step for each in run.attempts() for entry in each.entries() if entry.kind == "start"],
    )


def _steady(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if not name.startswith("rate/")}
