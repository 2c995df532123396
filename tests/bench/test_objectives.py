"""The objectives' benchmark: that each way computes the same and is told apart; how fast is for a machine at rest."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from harness.bench import objectives
from harness.bench.objectives import OURS, WAYS, embeddings, measure, peak_mib, step, ways

DIRECT = "D x D"
DIFFERS = {("barlow_twins", "stable-pretraining")}
"""It standardises by the unbiased deviation, with its floor beside the root."""


@pytest.mark.parametrize("shape", [(16, 64), (64, 16)])
@pytest.mark.parametrize("objective", list(WAYS))
def test_every_way_computes_the_same(objective: str, shape: tuple[int, int]) -> None:
    pair = embeddings(*shape)
    found = ways(objective, {})
    expected, gradients = found[OURS](*pair).item(), torch.cat(step(found[OURS], pair))
    for name, loss in found.items():
        tolerance = 0.2 if (objective, name) in DIFFERS else 1e-5
        assert loss(*pair).item() == pytest.approx(expected, rel=tolerance), name
        error = (torch.cat(step(loss, pair)) - gradients).norm() / gradients.norm()
        assert error < tolerance, name


def test_ours_is_measured_beside_every_other_way() -> None:
    costs, missing = measure(sizes=(4, 8), width=32, rounds=3, seconds=0)
    others = [name for name in WAYS["vicreg"] if name != OURS and name not in missing]
    expected = [(objective, size, name) for objective in WAYS for size in (4, 8) for name in others]
    assert [(cost.objective, cost.num_rows, cost.pace.beside) for cost in costs] == expected
    assert DIRECT in others
    assert all(cost.pace.name == OURS and cost.ms > 0 and cost.ms_beside > 0 for cost in costs)


def test_times_are_those_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that waits is measured as waiting, whatever the size."""
    monkeypatch.setitem(objectives.WAYS, "vicreg", {OURS: lambda: _slow(0.001), "slow": lambda: _slow(0.02)})
    costs, _ = measure(sizes=(4,), width=8, rounds=3, seconds=0.02)
    cost = next(cost for cost in costs if cost.pace.beside == "slow")
    assert cost.ms_beside >= 20
    assert cost.pace.ratio > 2


def _slow(seconds: float) -> objectives.Loss:
    def loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        objectives.time.sleep(seconds)
        return (x * y).sum()

    return loss


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> objectives.Loss:
        raise ModuleNotFoundError("No module named 'absent'")

    monkeypatch.setitem(objectives.WAYS, "vicreg", {**WAYS["vicreg"], "absent": absent})
    missing: dict[str, str] = {}
    assert "absent" not in ways("vicreg", missing)
    assert missing["absent"] == "No module named 'absent'"


def test_the_peak_is_that_of_the_work_alone() -> None:
    """64 MiB that are held at once, though they are gone at the end, and none of what was there before."""
    before = torch.ones(16 << 20)
    held = peak_mib(lambda: torch.ones(8 << 20).add(1).sum().item())
    assert 60 < held < 80
    assert peak_mib(lambda: None) < 8
    assert before.sum() > 0


def test_the_gram_form_needs_less_memory() -> None:
    pair = embeddings(8, 2048)
    ours, direct = (peak_mib(partial(step, loss, pair)) for loss in list(ways("vicreg", {}).values())[:2])
    assert direct > 30
    assert ours < direct / 4
