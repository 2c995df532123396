"""What the objectives must give that came after those of `support.oracles`: the same kind of loops and values.

An objective without an entry in `ORACLES` here or there fails a test. Tests get all of them as `oracles`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations, product

import pytest

from support import oracles as first
from support.labelled import sample_labels
from support.oracles import Oracle, Rows, Terms

BLIND_TO_LENGTH = (
    "order of samples",
    "order of branches",
    "order of dimensions",
    "length of rows",
    "common rotation",
)


def cosines(x: Rows, y: Rows) -> list[list[float]]:
    """The cosine of every row of one branch with every row of the other."""
    lengths = [[math.sqrt(sum(value * value for value in row)) for row in rows] for rows in (x, y)]
    return [
        [
            sum(a * b for a, b in zip(one, other, strict=True)) / lengths[0][i] / lengths[1][j]
            for j, other in enumerate(y)
        ]
        for i, one in enumerate(x)
    ]


def infonce(branches: Sequence[Rows], temperature: float = 0.5) -> Terms:
    """One anchor at a time against the whole other branch, then the other way round."""
    x, y = branches
    total = 0.0
    for of_anchors in (cosines(x, y), cosines(y, x)):
        for i, row in enumerate(of_anchors):
            scores = [math.exp(cosine / temperature) for cosine in row]
            total -= math.log(scores[i] / sum(scores))
    return {"loss": total / (2 * len(x))}


def clip(branches: Sequence[Rows], log_gain: float = 0.0) -> Terms:
    """`infonce` at the scale that CLIP starts from, times exp(log_gain)."""
    scale = math.exp(log_gain) / 0.07
    return {**infonce(branches, 1 / scale), "scale": scale}


def supervised(branches: Sequence[Rows]) -> Terms:
    """One labelled sample at a time, with the labels of `sample_labels`."""
    (logits,) = branches
    total, number = 0.0, 0
    for row, label in zip(logits, sample_labels(len(logits), len(logits[0])), strict=True):
        if label >= 0:
            total -= math.log(math.exp(row[label]) / sum(math.exp(value) for value in row))
            number += 1
    return {"loss": total / number}


def barlow_twins(branches: Sequence[Rows]) -> Terms:
    """Every entry of the cross-correlation by itself, weight 5e-3."""
    n, width = len(branches[0]), len(branches[0][0])
    a, b = ([_standardised([row[d] for row in rows]) for d in range(width)] for rows in branches)
    invariance = redundancy = 0.0
    for d in range(width):
        for e in range(width):
            entry = sum(a[d][i] * b[e][i] for i in range(n)) / n
            invariance += (entry - 1) ** 2 if d == e else 0.0
            redundancy += entry**2 if d != e else 0.0
    return {"loss": invariance + 5e-3 * redundancy, "invariance": invariance, "redundancy": redundancy}


def _standardised(column: Sequence[float]) -> list[float]:
    mean = sum(column) / len(column)
    variance = sum((value - mean) ** 2 for value in column) / len(column)
    return [(value - mean) / math.sqrt(variance + 1e-5) for value in column]


def vsepp(branches: Sequence[Rows]) -> Terms:
    """One sample at a time against the nearest of the others, both ways, m = 0.2."""
    x, y = branches
    n, total = len(x), 0.0
    for of_anchors in (cosines(x, y), cosines(y, x)):
        for i, row in enumerate(of_anchors):
            total += max(0.0, 0.2 + max(row[j] for j in range(n) if j != i) - row[i])
    return {"loss": total / n}


def vicreg_authors(branches: Sequence[Rows]) -> Terms:
    """Every ordered pair of branches, then every branch, by itself."""
    n, width = len(branches[0]), len(branches[0][0])
    invariance = variance = covariance = 0.0
    for x, y in permutations(branches, 2):
        invariance += sum((x[i][d] - y[i][d]) ** 2 for i in range(n) for d in range(width)) / (n * width)
    for z in branches:
        means = [sum(row[d] for row in z) / n for d in range(width)]
        for d, e in product(range(width), repeat=2):
            entry = sum((row[d] - means[d]) * (row[e] - means[e]) for row in z) / n
            variance += max(0.0, 1 - math.sqrt(entry + 1e-5)) / width if d == e else 0.0
            covariance += entry**2 / width if d != e else 0.0
    loss = 25 * invariance + 25 * variance + covariance
    return {"loss": loss, "invariance": invariance, "variance": variance, "covariance": covariance}


ORACLES = {
    **first.ORACLES,
    "infonce": Oracle(
        loop=infonce,
        terms={"loss": 2.326871516605},
        gradient_norms=(0.369588307905, 1.197064485301),
        ignores=BLIND_TO_LENGTH,
    ),
    "clip": Oracle(
        loop=clip,
        terms={"loss": 9.993739169386, "scale": 1 / 0.07},
        # Not in the list of values that the others come from: the loop's derivatives by complex steps of 1e-30.
        gradient_norms=(2.480007853218, 9.117817721751),
        ignores=BLIND_TO_LENGTH,
        parameters={"log_gain": 9.720986152028},
    ),
    "supervised": Oracle(
        loop=supervised,
        # Of the log-sum-exp and of (softmax - one-hot) / M in numpy.
        terms={"loss": 1.923624034410},
        gradient_norms=(0.420618398009,),
        ignores=("order of samples", "order of branches"),
    ),
    "barlow_twins": Oracle(
        loop=barlow_twins,
        # The loss was worked out elsewhere; its two terms are of a matrix product in numpy, and add up to it.
        terms={"loss": 7.056233048292, "invariance": 7.028821324875, "redundancy": 5.482344683509},
        gradient_norms=(2.473838089642, 10.122252991267),
        ignores=("order of samples", "order of branches", "order of dimensions", "constant added to every branch"),
    ),
    "vse++": Oracle(
        loop=vsepp,
        # Worked out before the division by N.
        terms={"loss": 14.034065132955 / 8},
        gradient_norms=(2.928142557350 / 8, 10.629599339208 / 8),
        ignores=BLIND_TO_LENGTH,
    ),
    "vicreg_authors": Oracle(
        loop=vicreg_authors,
        # The loss was worked out elsewhere; its three terms are numpy's, and add up to it.
        terms={
            "loss": 53.611245842912,
            "invariance": 1.079527917862,
            "variance": 1.062798602718,
            "covariance": 0.053082828418,
        },
        gradient_norms=(7.461046786975, 9.982819154620),
        ignores=("order of samples", "order of branches", "order of dimensions", "constant added to every branch"),
    ),
}


@pytest.fixture(name="oracles", scope="session")
def every_oracle() -> dict[str, Oracle]:
    return ORACLES
