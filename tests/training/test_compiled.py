"""Compiled encoders: the same run under another backend, on one rank and over two, stopped and resumed too."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from harness.distributed.world import World
from harness.errors import MissingDependencyError
from harness.training.checkpoint import Checkpoints
from harness.training.compiled import compiled
from harness.training.determinism import deterministic
from harness.training.interrupted import Interrupted
from harness.training.loop import fit
from harness.training.precision import Precision
from harness.training.recipe import Task
from support import ranks
from support.bits import assert_bit_equal
from support.toy_run import Batch, Recorder, container, recipe, task

TOLERANCES: dict[Precision, float] = {"fp32": 1e-5, "bf16": 5e-2}
"""Of each loss, term and gradient norm over 8 steps, relative: fused kernels round less often, which bf16 feels."""

Rows = dict[int, dict[str, float]]


def encoders_of(work: Task[Batch]) -> Sequence[nn.Module]:
    return list(work.module.encoders)  # type: ignore[arg-type]


def run(
    world: World,
    backend: str | None,
    checkpoints: Checkpoints | None = None,
    recorder: Recorder | None = None,
    precision: Precision = "fp32",
    **settings: Any,
) -> tuple[Recorder, dict[str, torch.Tensor]]:
    """A run on this rank, with its encoders compiled where a backend is named."""
    deterministic(threads=1)
    torch.manual_seed(99)
    recorder, work = recorder or Recorder(), task(world, **settings)
    if backend is not None:
        compiled(encoders_of(work), backend)
    plan = replace(recipe(num_epochs=2, log_every=1), precision=precision)
    fit(work, plan, world, recorder, checkpoints)
    return recorder, work.module.state_dict()


def plain_and_compiled(world: World, backend: str, precision: Precision) -> tuple[Rows, Rows]:
    plain, before = run(world, None, None, None, precision, dropout=0.0)
    assert not counters["stats"]
    other, after = run(world, backend, None, None, precision, dropout=0.0)
    assert counters["stats"]["unique_graphs"] == 1  # encoders of one kind share it
    assert not counters["graph_break"]
    assert list(before) == list(after)
    return plain.deterministic(), other.deterministic()


@pytest.mark.parametrize("world_size", [1, 2])
def test_what_is_traced_is_the_module(world_size: int) -> None:
    """A backend that makes no kernels gives the module's own bits, the collectives of batch norm included."""
    for plain, other in ranks.run(plain_and_compiled, world_size, "aot_eager", "fp32"):
        assert other == plain


@pytest.mark.long
@pytest.mark.parametrize("world_size", [1, 2])
@pytest.mark.parametrize("precision", TOLERANCES)
def test_the_losses_are_those_of_the_uncompiled(precision: Precision, world_size: int) -> None:
    plain, other = ranks.run(plain_and_compiled, world_size, "inductor", precision, timeout_s=500)[0]
    assert len(plain) == 8
    assert other == {step: pytest.approx(row, rel=TOLERANCES[precision]) for step, row in plain.items()}


def with_kernels_of_its_own(folder: Path) -> None:
    """As on another machine: nothing that was compiled before is at hand."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)


def begin(world: World, folder: Path, backend: str) -> tuple[Recorder, dict[str, torch.Tensor]]:
    with_kernels_of_its_own(folder / "before")
    with pytest.raises(Interrupted):
        run(world, backend, Checkpoints(folder), Recorder(stop_at=3))
    return run(world, backend)


def end(world: World, folder: Path, backend: str) -> tuple[Recorder, dict[str, torch.Tensor]]:
    with_kernels_of_its_own(folder / "after")
    return run(world, backend, Checkpoints(folder))


@pytest.mark.parametrize(
    ("backend", "world_size"),
    [
        ("aot_eager", 2),
        *(pytest.param("inductor", n, marks=pytest.mark.long) for n in (1, 2)),
    ],
)
def test_stopped_and_resumed_in_another_process_is_bit_for_bit(backend: str, world_size: int, tmp_path: Path) -> None:
    """With drop-out, which compiled kernels draw by themselves."""
    whole, weights = ranks.run(begin, world_size, tmp_path, backend, timeout_s=500)[0]
    rest, again = ranks.run(end, world_size, tmp_path, backend, timeout_s=500)[0]
    assert rest.starts == [3]
    assert rest.deterministic() == {step: row for step, row in whole.deterministic().items() if step > 3}
    assert_bit_equal(again, weights)


def test_a_machine_without_a_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(MissingDependencyError) as caught:
        compiled(container().encoders)
    assert str(caught.value).startswith("compile needs the C++ compiler 'no-such-compiler', which is not there")
    assert "CXX" in str(caught.value)
