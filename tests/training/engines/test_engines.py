"""What holds for every engine, those that are found included: the losses, the checkpoint, the end of a bad gradient.

One launch of ranks serves many cases, for each of its processes imports DeepSpeed anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from harness.config.read import read
from harness.distributed.world import World
from harness.errors import ConfigError, NonFiniteError
from harness.training.checkpoint import Checkpoints
from harness.training.determinism import deterministic
from harness.training.engines import Engine
from harness.training.engines.ddp import Ddp
from harness.training.engines.deepspeed import DeepSpeed
from harness.training.interrupted import Interrupted
from harness.training.loop import fit
from harness.training.precision import Precision
from harness.training.recipe import Recipe
from support import ranks
from support.toy_run import Recorder, recipe, task

REFERENCE = Ddp(channels_last=False)
SHARDED = (DeepSpeed(zero_stage=1), DeepSpeed(zero_stage=2))
ENGINES = (Ddp(), REFERENCE, *SHARDED)
TOLERANCE = 1e-5
"""Of each loss, term and gradient norm over 20 steps in float32, relative: engines sum in another order."""

Rows = dict[int, dict[str, float]]


def plan(engine: Engine, precision: Precision = "fp32", **settings: Any) -> Recipe:
    return replace(recipe(**settings), precision=precision, engine=engine)


def train(
    world: World, made: Recipe, recorder: Recorder, checkpoints: Checkpoints | None = None, **settings: Any
) -> Recorder:
    fit(task(world, **settings), made, world, recorder, checkpoints)
    return recorder


def close_to(rows: Rows) -> Any:
    return {step: pytest.approx(row, rel=TOLERANCE) for step, row in rows.items()}


def test_every_engine_found_is_tested() -> None:
    assert {engine.name for engine in ENGINES} == set(Engine.catalogue())


def figures(world: World, engines: Sequence[Engine], precision: Precision) -> list[Rows]:
    deterministic(threads=1)
    plans = [plan(engine, precision, num_epochs=5, log_every=1) for engine in engines]
    return [train(world, made, Recorder()).deterministic() for made in plans]


@cache
def all_figures(world_size: int, precision: Precision) -> dict[Engine, Rows]:
    engines = (REFERENCE, *SHARDED)
    return dict(zip(engines, ranks.run(figures, world_size, engines, precision)[0], strict=True))


@pytest.mark.deepspeed
@pytest.mark.parametrize(("world_size", "precision"), [(1, "fp32"), (2, "fp32"), (3, "fp32"), (2, "bf16")])
@pytest.mark.parametrize("engine", SHARDED, ids=repr)
def test_the_losses_are_those_of_ddp(engine: Engine, world_size: int, precision: Precision) -> None:
    """With the same layout of the weights; drop-out, batch norm over ranks and no clipping are in it."""
    found = all_figures(world_size, precision)
    assert len(found[REFERENCE]) == 20
    assert max(row["train/gradient_norm"] for row in found[REFERENCE].values()) > 2  # a clip to 1 would show
    assert found[engine] == close_to(found[REFERENCE])
    assert world_size > 1 or found[engine] == found[REFERENCE]


def begun_and_ended(world: World, folder: Path, pairs: Sequence[tuple[Engine, Engine]]) -> list[tuple[list[int], Rows]]:
    """Runs that one engine begins and another ends, with the step at which the second took over."""
    found = []
    for number, (first, second) in enumerate(pairs):
        checkpoints = Checkpoints(folder / str(number))
        with pytest.raises(Interrupted):
            train(world, plan(first), Recorder(stop_at=6), checkpoints)
        recorder = train(world, plan(second), Recorder(), checkpoints)
        found.append((recorder.starts, recorder.deterministic()))
    return [*found, ([], train(world, plan(REFERENCE), Recorder()).deterministic())]


@pytest.mark.deepspeed
def test_a_checkpoint_is_the_same_whoever_wrote_it(tmp_path: Path) -> None:
    pairs = [pair for engine in SHARDED for pair in ((engine, REFERENCE), (REFERENCE, engine))]
    *found, (_, whole) = ranks.run(begun_and_ended, 2, tmp_path, pairs)[0]
    rest = {step: row for step, row in whole.items() if step > 6}
    assert len(rest) == 3
    assert len(found) == 4
    assert all(one == ([6], close_to(rest)) for one in found)


def begun(world: World, folder: Path) -> None:
    for number, engine in enumerate(SHARDED):
        with pytest.raises(Interrupted):
            train(world, plan(engine), Recorder(stop_at=6), Checkpoints(folder / str(number)), dropout=0.0)


def ended(world: World, folder: Path) -> list[Recorder]:
    found = [
        train(world, plan(engine), Recorder(), Checkpoints(folder / str(number)), dropout=0.0)
        for number, engine in enumerate(SHARDED)
    ]
    return [*found, train(world, plan(REFERENCE), Recorder(), dropout=0.0)]


@pytest.mark.deepspeed
def test_shares_are_dealt_out_anew_to_another_number_of_ranks(tmp_path: Path) -> None:
    ranks.run(begun, 3, tmp_path)
    *found, whole = ranks.run(ended, 2, tmp_path)[0]
    rest = {step: row for step, row in whole.deterministic().items() if step > 6}
    assert [recorder.starts for recorder in found] == [[6], [6]]
    assert [recorder.deterministic() for recorder in found] == [close_to(rest)] * 2


def stopped_by_a_bad_gradient(world: World, folder: Path, engine: Engine) -> tuple[str, int]:
    """The loss is finite and its gradient is not, in the fifth step, which is not logged."""

    def spoil(step: int, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        nothing = terms["loss"] - terms["loss"].detach()
        return {**terms, "loss": terms["loss"] + nothing.abs().sqrt()} if step == 4 else terms

    checkpoints = Checkpoints(folder / repr(engine))
    with pytest.raises(NonFiniteError) as caught:
        train(world, plan(engine, log_every=4), Recorder(), checkpoints, spoil=spoil)
    found = checkpoints.newest(report=pytest.fail)
    assert found is not None
    return str(caught.value), found[0]


def all_stopped(world: World, folder: Path, engines: Sequence[Engine]) -> list[tuple[str, int]]:
    return [stopped_by_a_bad_gradient(world, folder, engine) for engine in engines]


@pytest.mark.parametrize("engines", [(Ddp(),), pytest.param(SHARDED, marks=pytest.mark.deepspeed)], ids=repr)
def test_a_bad_gradient_is_not_passed_over(engines: Sequence[Engine], tmp_path: Path) -> None:
    for found in ranks.run(all_stopped, 2, tmp_path, engines):
        for text, last in found:
            assert text.startswith("in step 6 (epoch 1) loss is nan")
            assert last == 4


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ConfigError, match=r"unknown engine 'ddb'") as caught:
        read(Engine, {"name": "ddb"}, "grid.yaml")
    assert "did you mean 'ddp'?" in str(caught.value)
    assert "legal: ddp, deepspeed" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"name": "deepspeed", "zero_stage": 3}, "zero_stage"),
        ({"name": "deepspeed", "channels_last": True}, "unknown key 'channels_last'"),
        ({"name": "ddp", "bucket_cap_mb": 0}, "bucket_cap_mb"),
    ],
)
def test_settings_that_an_engine_cannot_carry_out_are_refused(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        read(Engine, settings, "grid.yaml")


def test_the_default_engine_is_ddp() -> None:
    assert recipe().engine == Ddp()
