"""Diagnostics against the same figures computed otherwise, over one rank and over several."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.distributed.collectives import gather_rows
from harness.distributed.world import World
from harness.errors import DriftError
from harness.evaluation.rank import effective_rank
from harness.models.branches import Output
from jobs.run.diagnostics import Diagnostics, figures, lengths, rank_of, refuse_drift
from support import ranks

ROWS = 12


def batch(width: int = 7) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(3)
    draw = [torch.randn(ROWS, size, generator=generator) for size in (5, 5, width, width)]
    return draw[:2], draw[2:]


@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (256, 256)])
def test_the_rank_is_that_of_the_singular_values(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32) * np.linspace(
        1, 3, shape[1], dtype=np.float32
    )
    assert float(rank_of(torch.from_numpy(rows))) == pytest.approx(effective_rank(rows), rel=1e-6)


def test_the_rank_of_a_line_and_of_a_point() -> None:
    line = torch.outer(torch.linspace(-1, 2, 30), torch.arange(1.0, 9.0))
    assert float(rank_of(line)) == pytest.approx(1.0, abs=1e-4)
    assert float(rank_of(torch.full((20, 8), 3.7))) == 0.0
    assert rank_of(torch.full((4, 3), torch.nan)).isnan()


def test_figures_by_hand() -> None:
    h, z = batch()
    found = figures(h, z)
    x, y = (each.numpy().astype(np.float64) for each in z)
    cosines = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    assert float(found["alignment"]) == pytest.approx(cosines.mean(), rel=1e-5)
    assert float(found["embedding_std_1"]) == pytest.approx(y.std(axis=0).mean(), rel=1e-5)
    assert float(found["representation_rank_0"]) == pytest.approx(effective_rank(h[0].numpy()), rel=1e-5)
    assert float(lengths(z)["embedding_norm_0"]) == pytest.approx(np.linalg.norm(x, axis=1).mean(), rel=1e-5)


def _figures(world: World) -> dict[str, float]:
    own = slice(world.rank * ROWS // world.size, (world.rank + 1) * ROWS // world.size)
    h, z = batch()
    found = figures([x[own] for x in h], [gather_rows(x[own]) for x in z])
    return {name: float(value) for name, value in found.items()}


def test_they_are_of_the_whole_global_batch() -> None:
    whole = {name: float(value) for name, value in figures(*batch()).items()}
    for found in ranks.run(_figures, 3):
        assert found == pytest.approx(whole, rel=1e-6)


def test_only_logged_steps_are_looked_at() -> None:
    h, z = batch()
    diagnostics = Diagnostics(log_every=4, num_steps=6)
    for done in (1, 2, 3):
        diagnostics.look(done, Output(tuple(h), tuple(z), None))
        assert diagnostics.values(done) == {}
    diagnostics.look(4, Output(tuple(h), tuple(z), None))
    first = diagnostics.values(4)
    diagnostics.look(5, Output(tuple(h), tuple(2 * each for each in z), None))
    assert diagnostics.values(5) == first
    diagnostics.look(6, Output(tuple(h), tuple(2 * each for each in z), None))
    assert diagnostics.values(6)["train/embedding_std_0"] == pytest.approx(2 * first["train/embedding_std_0"])


def _drifted(world: World, by: float) -> str:
    try:
        refuse_drift([torch.ones(4, 3) + by * world.rank])
    except DriftError as error:
        return str(error)
    return ""


def test_ranks_that_differ_in_the_last_bit_are_refused() -> None:
    assert ranks.run(_drifted, 2, 0.0) == ["", ""]
    assert all("no longer the same" in text for text in ranks.run(_drifted, 2, 1e-6))
