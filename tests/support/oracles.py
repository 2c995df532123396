"""What the objectives must give: slow loops in float64 and values worked out elsewhere, sharing nothing with them.

An objective without an entry in `ORACLES` fails a test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

Rows = Sequence[Sequence[float]]
Array = npt.NDArray[np.float64]
Terms = dict[str, float]


@dataclass(frozen=True)
class Oracle:
    """What one objective must give.

    Attributes:
        loop: The definition at its default settings as plain loops over the branches' rows.
        terms: "loss" and each term at `sample_embeddings()`.
        gradient_norms: Norms of the loss's gradient there, for X and for Y.
        ignores: Changes that the loss must not see, out of those in `CHANGES`.
        parameters: The derivative of the loss there by each number that the objective learns, by the
            parameter's name. The loop takes the number under this name, 0 by default.
    """

    loop: Callable[..., Terms]
    terms: Terms
    gradient_norms: tuple[float, ...]
    ignores: tuple[str, ...]
    parameters: Mapping[str, float] = field(default_factory=dict)


def sample_embeddings(num_rows: int = 8, width: int = 6) -> list[Array]:
    """Two branches' embeddings with no randomness in them; the closed-form values below are for 8 x 6."""
    i, j = np.arange(num_rows)[:, None], np.arange(width)[None, :]
    x = np.sin(1 + 0.37 * i * (j + 1) + 0.11 * i)
    return [x, 0.6 * np.cos(0.5 + 0.31 * (i + 1) * (j + 2) + 0.07 * j) + 0.5 * x]


def change(name: str, branches: Sequence[Array]) -> list[Array]:
    """The branches after one of the changes that an objective may be blind to."""
    generator = np.random.default_rng(1)
    order = generator.permutation(len(branches[0]))
    turn = np.linalg.qr(generator.normal(size=(branches[0].shape[1],) * 2))[0]
    changed: dict[str, Callable[[Array, int], Array]] = {
        "order of samples": lambda z, _: z[order],
        "order of branches": lambda _, k: branches[-1 - k],
        "order of dimensions": lambda z, _: z[:, ::-1].copy(),
        "constant added to every branch": lambda z, _: z + np.linspace(-3, 3, z.shape[1]),
        "length of rows": lambda z, k: z * np.linspace(0.1 + k, 5, len(z))[:, None],
        "common rotation": lambda z, _: z @ turn,
    }
    return [changed[name](z, k) for k, z in enumerate(branches)]


CHANGES = (
    "order of samples",
    "order of branches",
    "order of dimensions",
    "constant added to every branch",
    "length of rows",
    "common rotation",
)


def _variance(z: Rows, d: int) -> float:
    return _covariance(z, d, d)


def _covariance(z: Rows, d: int, e: int) -> float:
    n = len(z)
    mean_d, mean_e = sum(row[d] for row in z) / n, sum(row[e] for row in z) / n
    return sum((row[d] - mean_d) * (row[e] - mean_e) for row in z) / (n - 1)


def _vicreg_of_pair(x: Rows, y: Rows) -> Terms:
    n, width = len(x), len(x[0])
    invariance = sum((x[i][d] - y[i][d]) ** 2 for i in range(n) for d in range(width)) / (n * width)
    variance = covariance = 0.0
    for z in (x, y):
        for d in range(width):
            variance += max(0.0, 1 - math.sqrt(_variance(z, d) + 1e-4)) / width / 2
            covariance += sum(_covariance(z, d, e) ** 2 for e in range(width) if e != d) / width
    loss = 25 * invariance + 25 * variance + covariance
    return {"loss": loss, "invariance": invariance, "variance": variance, "covariance": covariance}


def vicreg(branches: Sequence[Rows]) -> Terms:
    """The official form for two branches, its mean over pairs for more."""
    pairs = [_vicreg_of_pair(x, y) for x, y in combinations(branches, 2)]
    return {name: sum(pair[name] for pair in pairs) / len(pairs) for name in pairs[0]}


def ntxent(branches: Sequence[Rows]) -> Terms:
    """One anchor at a time against all others, t = 0.5."""
    x, y = branches
    n = len(x)
    units = [[value / math.sqrt(sum(v * v for v in row)) for value in row] for row in [*x, *y]]
    total = 0.0
    for i, anchor in enumerate(units):
        scores = [math.exp(sum(a * b for a, b in zip(anchor, other, strict=True)) / 0.5) for other in units]
        total -= math.log(scores[(i + n) % (2 * n)] / (sum(scores) - scores[i]))
    return {"loss": total / (2 * n)}


ORACLES = {
    "vicreg": Oracle(
        loop=vicreg,
        terms={
            "loss": 26.036344214344,
            "invariance": 0.539763958931,
            "variance": 0.498916502689,
            "covariance": 0.069332673852,
        },
        gradient_norms=(3.651254181031, 4.993380772631),
        ignores=("order of samples", "order of branches", "order of dimensions", "constant added to every branch"),
    ),
    "ntxent": Oracle(
        loop=ntxent,
        terms={"loss": 2.813251524151},
        gradient_norms=(0.380857587193, 1.174711645801),
        ignores=("order of samples", "order of branches", "order of dimensions", "length of rows", "common rotation"),
    ),
}
