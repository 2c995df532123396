"""What VICReg and Barlow Twins cost at the paper's width: ours beside the D x D form and other libraries' losses.

A step is one forward and one backward pass, from two N x D embeddings to the loss's
gradient for both. At N = 128 and D = 8192 the D x D form has 64 times the operations of
the Gram form. Everything is on the CPU, in float32, and on one rank.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from harness.bench.augment import threads_of_torch
from harness.bench.turns import Compared, Counts, Way, compared, in_turn
from harness.objectives import Objective

SIZES = (128, 256, 1024)
WIDTH = 8192
OURS = "harness"
WARM_UP = 1
KIB = 1 << 10

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Cost:
    """Our loss beside another way to compute it.

    Attributes:
        objective: Its name.
        num_rows: N.
        pace: Ours beside the other; its ratio says how many times as long the other takes.
        ms: Of one step of ours, the median over rounds.
        ms_beside: Of the other.
        mib: What a step of ours needs at its peak beside the embeddings, in MiB.
        mib_beside: What the other needs.
    """

    objective: str
    num_rows: int
    pace: Compared
    ms: float
    ms_beside: float
    mib: float
    mib_beside: float


def measure(
    *, sizes: Sequence[int] = SIZES, width: int = WIDTH, threads: int = 1, rounds: int = 3, seconds: float = 0.5
) -> tuple[list[Cost], dict[str, str]]:
    """Each objective of `WAYS` at each size, in turn, ours beside every other way.

    Args:
        sizes: N, the rows of a batch.
        width: D.
        threads: That torch may use.
        rounds: Turns of each way.
        seconds: How long a turn is at least; it has one step or more, after one that warms up.

    Returns:
        A row for each objective, size and other way; and why ways were left out, by name.
    """
    missing: dict[str, str] = {}
    with threads_of_torch(threads):
        costs = [
            cost
            for objective in WAYS
            for num_rows in sizes
            for cost in _costs(objective, num_rows, width, rounds, seconds, missing)
        ]
    return costs, missing


def _costs(
    objective: str, num_rows: int, width: int, rounds: int, seconds: float, missing: dict[str, str]
) -> list[Cost]:
    losses = ways(objective, missing)
    pair = embeddings(num_rows, width)
    peaks = {name: peak_mib(partial(step, loss, pair)) for name, loss in losses.items()}
    found = in_turn({name: _turn(loss, pair, seconds) for name, loss in losses.items()}, rounds, WARM_UP)
    costs = []
    for name in losses.keys() - {OURS}:
        ours, other = compared(found, OURS, name), compared(found, name, OURS)
        ms, ms_beside = (1000 * num_rows / row.pairs_per_s for row in (ours, other))
        costs.append(Cost(objective, num_rows, ours, ms, ms_beside, peaks[OURS], peaks[name]))
    return sorted(costs, key=lambda cost: list(losses).index(cost.pace.beside))


def ways(objective: str, missing: dict[str, str]) -> dict[str, Loss]:
    """The ways to compute an objective by name, ours first.

    Args:
        objective: A key of `WAYS`.
        missing: Gets the libraries that are not installed, and what was said.
    """
    found: dict[str, Loss] = {}
    for name, make in WAYS[objective].items():
        try:
            found[name] = make()
        except ImportError as error:
            missing[name] = str(error).splitlines()[0]
    return found


def embeddings(num_rows: int, width: int) -> tuple[Tensor, Tensor]:
    """Two branches that agree in part, as in the middle of a training run."""
    generator = torch.Generator().manual_seed(0)
    common, x, y = torch.randn(3, num_rows, width, generator=generator)
    return (common + x).requires_grad_(), (common + y).requires_grad_()


def step(loss: Loss, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    """Forward and backward; the gradients."""
    return torch.autograd.grad(loss(*pair), pair)


def _turn(loss: Loss, pair: tuple[Tensor, Tensor], seconds: float) -> Way:
    def counts() -> Counts:
        for _ in range(WARM_UP):
            step(loss, pair)
            yield len(pair[0])
        end = time.perf_counter() + seconds
        while True:
            step(loss, pair)
            yield len(pair[0])
            if time.perf_counter() >= end:
                return

    return counts


def peak_mib(work: Callable[[], object]) -> float:
    """By how many MiB this process grows at most while `work` runs, for the second time; Linux alone tells.

    The first time, libraries set themselves up. Then what the allocator keeps for later is given
    back to the system, and the system's mark of the highest water is lowered to where it stands.
    """
    work()
    with contextlib.suppress(AttributeError):  # an allocator without it keeps what it has
        ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status_kib("VmRSS")
    work()
    return (_status_kib("VmHWM") - before) / KIB


def _status_kib(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def direct_vicreg(x_ND: Tensor, y_ND: Tensor) -> Tensor:
    """The official form from two D x D products, all of it in the embeddings' own type."""
    loss = 25 * F.mse_loss(x_ND, y_ND)
    for z_ND in (x_ND, y_ND):
        centred_ND = z_ND - z_ND.mean(0)
        products_DD = (centred_ND.T @ centred_ND).fill_diagonal_(0)
        covariance = products_DD.square().sum() / (len(z_ND) - 1) ** 2 / z_ND.shape[1]
        loss = loss + 12.5 * torch.relu(1 - (z_ND.var(0) + 1e-4).sqrt()).mean() + covariance
    return loss


def direct_barlow_twins(x_ND: Tensor, y_ND: Tensor) -> Tensor:
    """The official form from the D x D cross-correlation, all of it in the embeddings' own type."""
    a_ND, b_ND = (F.batch_norm(z_ND, None, None, training=True) for z_ND in (x_ND, y_ND))
    products_DD = a_ND.T @ b_ND
    invariance = (products_DD.diagonal().clone() / len(x_ND) - 1).square().sum()
    return invariance + 5e-3 * products_DD.fill_diagonal_(0).square().sum() / len(x_ND) ** 2


def _ours(objective: str) -> Callable[[], Loss]:
    def make() -> Loss:
        module = Objective.parse(objective).build()
        return lambda x, y: module([x, y])["loss"]

    return make


def _of_library(package: str, name: str) -> Callable[[], Loss]:
    return lambda: getattr(importlib.import_module(package), name)()


WAYS: dict[str, Mapping[str, Callable[[], Loss]]] = {
    "vicreg": {
        OURS: _ours("vicreg"),
        "D x D": lambda: direct_vicreg,
        "lightly": _of_library("lightly.loss", "VICRegLoss"),
        "stable-pretraining": _of_library("stable_pretraining.losses", "VICRegLoss"),
    },
    "barlow_twins": {
        OURS: _ours("barlow_twins"),
        "D x D": lambda: direct_barlow_twins,
        "lightly": _of_library("lightly.loss", "BarlowTwinsLoss"),
        "stable-pretraining": _of_library("stable_pretraining.losses", "BarlowTwinsLoss"),
    },
}
"""For each objective, the ways to compute it, ours first; a library that is missing raises as it is looked for."""
