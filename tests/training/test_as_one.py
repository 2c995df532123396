"""W ranks with a share of the batch each train as one process with the whole: 20 steps in float64, through the loop.

Different data on each rank; batch norm, objective, gradients and optimiser see the global batch.
"""

from functools import cache

import pytest
import torch

from harness.config.read import read
from harness.distributed.world import World
from harness.objectives import Objective
from harness.training.loop import fit
from support import ranks
from support.toy_run import Recorder, recipe, task

OBJECTIVES = ("vicreg", "ntxent", "barlow_twins")
CASES = [(name, shared) for name in OBJECTIVES for shared in (False, True)]
TOLERANCE = 1e-10

Rows = list[dict[str, float]]


def losses(world: World) -> list[Rows]:
    """Every term of every step, for each case."""
    found = []
    for name, shared in CASES:
        objective = read(Objective, name, "objective")
        recorder = Recorder()
        work = task(world, dtype=torch.float64, dropout=0.0, shared=shared, objective=objective)
        fit(work, recipe(num_epochs=5, log_every=1), world, recorder)
        found.append(list(recorder.deterministic().values()))
    return found


@cache
def of_ranks(world_size: int) -> list[Rows]:
    return ranks.run(losses, world_size)[0]


@pytest.mark.parametrize("world_size", [2, 4])
@pytest.mark.parametrize(("name", "shared"), CASES)
def test_ranks_train_as_one_process_with_the_whole_batch(name: str, shared: bool, world_size: int) -> None:
    case = CASES.index((name, shared))
    alone, together = of_ranks(1)[case], of_ranks(world_size)[case]
    assert len(alone) == len(together) == 20
    assert alone[-1]["train/loss"] != pytest.approx(alone[0]["train/loss"], rel=1e-3)  # it trains
    for row, other in zip(alone, together, strict=True):
        assert other == pytest.approx(row, rel=TOLERANCE, abs=TOLERANCE)
