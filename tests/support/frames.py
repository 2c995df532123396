"""Frames of made-up grids, as `harness.report.collect` gives them: one to check by hand, two like the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.config.identity import short_id
from harness.config.table import EffectSpec, TableSpec
from harness.evaluation.metrics import at_majority_rate, measure
from harness.evaluation.predictions import Predictions, write_predictions

COMMIT = "4f2c1e9d0b7a4c55"
LABELS = {"panck": 2, "cd3": 2, "dapi": 2, "tissue": 4}


def row(
    stage: str, axes: Mapping[str, str], seed: int, metrics: Mapping[str, float] | None = None, **facts: Any
) -> dict[str, Any]:
    """One run: done if it has metrics, else in the state that `facts` give it."""
    cell = short_id({"stage": stage, "axes": dict(axes)})
    known: dict[str, Any] = {
        "run": f"{stage}/{short_id({'cell': cell, 'seed': seed})}",
        "stage": stage,
        "cell": cell,
        "seed": seed,
        "state": "done" if metrics is not None else "missing",
        "reason": "" if metrics is not None else "missing",
        "hours": 0.5 if metrics is not None else 0.0,
        "target_in_pair": False,
        "trained": True,
        "evaluation_set": "e7a1" if metrics is not None else "",
        "at_majority": False,
        "commit": COMMIT if metrics is not None else "",
        "revisions": "probe 1",
        "data": "9d31aa07c4e2",
        "synthetic": False,
        "group_kind": "region",
        "predictions": None,
    }
    return known | {f"axis.{name}": value for name, value in axes.items()} | dict(metrics or {}) | facts


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame: an axis or metric that a row lacks is None there."""
    frame = pd.DataFrame(list(rows))
    return frame.astype(object).where(frame.notna(), None)


def small_spec(**settings: Any) -> TableSpec:
    """The table of `small_frame`: pairs down the side, objectives along the top, two metrics."""
    given: dict[str, Any] = {
        "title": "A small table",
        "rows": ("pair", "shared_weights"),
        "columns": ("objective",),
        "metrics": ("test/auroc", "test/balanced_accuracy"),
        "effects": (EffectSpec(axis="pair", treatment="asymmetric", control="symmetric"),),
    }
    return TableSpec(**given | settings)


def small_frame() -> pd.DataFrame:
    """Eight cells of three seeds, with one of everything: a failure, a block, a lost seed, and each mark.

    Values are round, so that means and intervals can be checked by hand: seeds at m - .02, m, m + .02 have
    the mean m and Student's half-width 4.303 * .02 / sqrt(3) = .0497; so have the differences of a pair of
    cells, whose steps come in another order (0, -.02, .02).
    """
    means = {
        ("asymmetric", "no", "vicreg"): 0.87,
        ("asymmetric", "no", "ntxent"): 0.83,
        ("asymmetric", "yes", "ntxent"): 0.82,
        ("symmetric", "no", "vicreg"): 0.81,
        ("symmetric", "no", "ntxent"): 0.84,
        ("symmetric", "yes", "ntxent"): 0.60,
    }
    places = [
        {"objective": objective, "pair": pair, "shared_weights": shared}
        for objective, pair, shared in product(("vicreg", "ntxent"), ("asymmetric", "symmetric"), ("no", "yes"))
    ]
    rows = [row("pretrain", axes, seed, {}, hours=1.5) for axes, seed in product(places, range(3))]
    for axes in places:
        mean = means.get((axes["pair"], axes["shared_weights"], axes["objective"]))
        steps = (-0.02, 0.0, 0.02) if axes["pair"] == "asymmetric" else (-0.02, 0.02, 0.0)
        for seed, step in enumerate(steps):
            facts = _small_facts(axes, seed)
            metrics = None if mean is None or "state" in facts else _both(mean + step)
            rows.append(row("probe", axes, seed, metrics, **facts))
    rows.append(row("probe", {"floor": "majority"}, 0, _both(0.5), at_majority=True, trained=None))
    rows.append(row("probe", {"floor": "histogram"}, 0, _both(0.8), trained=None))
    rows += [
        row("probe", {"floor": "random encoder"}, seed, _both(0.58 + 0.01 * seed), trained=None) for seed in range(3)
    ]
    return frame_of(rows)


def _both(value: float) -> dict[str, float]:
    return {"test/auroc": round(value, 6), "test/balanced_accuracy": round(value - 0.1, 6)}


def _small_facts(axes: Mapping[str, str], seed: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"target_in_pair": axes["pair"] == "asymmetric"}
    if axes == {"objective": "vicreg", "pair": "asymmetric", "shared_weights": "yes"}:
        reason = "failed: out of memory" if seed < 2 else "interrupted in attempt 1, with no reason recorded"
        facts |= {"state": "failed" if seed < 2 else "interrupted", "reason": reason}
    if axes == {"objective": "vicreg", "pair": "symmetric", "shared_weights": "yes"}:
        facts |= {"state": "blocked", "reason": "blocked: pretrain/0123456789ab failed: non-finite loss"}
    if axes == {"objective": "ntxent", "pair": "symmetric", "shared_weights": "yes"}:
        facts |= {"trained": seed != 1, "at_majority": seed == 1}
    if axes == {"objective": "ntxent", "pair": "asymmetric", "shared_weights": "yes"} and seed == 2:
        facts |= {"state": "failed", "reason": "failed: time limit"}
    if axes == {"objective": "ntxent", "pair": "asymmetric", "shared_weights": "no"}:
        facts |= {"revisions": f"probe {1 + (seed > 0)}"}
    return facts


def hemit_spec(**settings: Any) -> TableSpec:
    """The table of the real images: four targets, two objectives, two metrics."""
    given: dict[str, Any] = {
        "title": "Linear probes of the H&E encoder on colon (HEMIT)",
        "rows": ("pair", "shared_weights"),
        "columns": ("label", "objective"),
        "metrics": ("test/auroc", "test/balanced_accuracy"),
        "effects": (EffectSpec(axis="pair", treatment="asymmetric", control="symmetric"),),
    }
    return TableSpec(**given | settings)


def hemit_frame(folder: Path, seeds: int = 1) -> pd.DataFrame:
    """A grid like that on real images: 244 patches of 10 regions, four labels, one failure and what it blocks."""
    places = [
        {"objective": objective, "pair": pair, "shared_weights": shared}
        for objective, pair, shared in product(("vicreg", "ntxent"), ("asymmetric", "symmetric"), ("no", "yes"))
    ]
    lost = {"objective": "ntxent", "pair": "asymmetric", "shared_weights": "yes"}
    rows = []
    for axes, seed in product(places, range(seeds)):
        facts = (
            {"state": "failed", "reason": "failed: out of memory", "hours": 0.1} if axes == lost and not seed else {}
        )
        rows.append(row("pretrain", axes, seed, None if facts else {}, hours=0.21) | facts)
    for (label, classes), axes, seed in product(LABELS.items(), places, range(seeds)):
        place = axes | {"label": label}
        facts = {
            "target_in_pair": axes["pair"] == "asymmetric" and label in ("panck", "tissue"),
            "evaluation_set": label,
        }
        if axes == lost and not seed:
            failed = {"state": "blocked", "reason": f"blocked: {rows[0]['run']} failed: out of memory"}
            rows.append(row("probe", place, seed, None, **facts | failed | {"evaluation_set": ""}))
            continue
        signal = 1.6 - 0.5 * (axes["pair"] == "symmetric") - 0.3 * (axes["shared_weights"] == "yes")
        rows.append(probed(folder, place, seed, signal, (244, 10, classes), **facts))
    for label, classes in LABELS.items():
        rows += list(_floors(folder, label, (244, 10, classes), evaluation_set=label))
    return frame_of(rows)


def demo_spec(**settings: Any) -> TableSpec:
    """The quick start's table: a pair that adds signal, one that adds none, and a check of both."""
    given: dict[str, Any] = {
        "title": "Quick start: does a paired stain help the H&E encoder?",
        "rows": ("pair",),
        "columns": ("label",),
        "metrics": ("test/balanced_accuracy", "test/auroc"),
        "effects": (
            EffectSpec(axis="pair", treatment="signal", control="symmetric", expect="positive"),
            EffectSpec(axis="pair", treatment="null", control="symmetric", expect="none"),
        ),
    }
    return TableSpec(**given | settings)


def demo_frame(folder: Path, seeds: int = 5, signal: float = 2.0, null: float = 1.0) -> pd.DataFrame:
    """The quick start's grid; `signal` and `null` are what those pairs teach, 1 what H&E alone does."""
    strengths = {"signal": signal, "null": null, "symmetric": 1.0}
    facts: dict[str, Any] = {"synthetic": True, "evaluation_set": "5a5a"}
    rows = [
        row("pretrain", {"pair": pair}, seed, {}, **facts, hours=0.01) for pair in strengths for seed in range(seeds)
    ]
    for pair, seed in product(strengths, range(seeds)):
        axes, holds = {"pair": pair, "label": "tissue"}, pair == "signal"
        rows.append(
            probed(folder, axes, seed, strengths[pair], (320, 40, 4), target_in_pair=holds, hours=0.002, **facts)
        )
    rows += list(_floors(folder, "tissue", (320, 40, 4), **facts))
    return frame_of(rows)


def _floors(folder: Path, label: str, shape: tuple[int, int, int], **facts: Any) -> Iterator[dict[str, Any]]:
    place = {"label": label}
    yield probed(folder, place | {"floor": "majority"}, 0, -99.0, shape, trained=None, hours=0.0, **facts)
    yield probed(folder, place | {"floor": "histogram"}, 0, 1.4, shape, trained=None, hours=0.01, **facts)
    for seed in range(5):
        yield probed(folder, place | {"floor": "random encoder"}, seed, 0.4, shape, trained=None, hours=0.01, **facts)


def probed(
    folder: Path, axes: Mapping[str, str], seed: int, signal: float, shape: tuple[int, int, int], **facts: Any
) -> dict[str, Any]:
    """A finished probe with its predictions on disk; `shape` is samples, groups, classes."""
    predictions = _predicted(axes, seed, signal, shape)
    made = row("probe", axes, seed, {f"test/{name}": value for name, value in measure(predictions).items()}, **facts)
    path = folder / f"{made['run'].replace('/', '-')}.parquet"
    write_predictions(path, predictions)
    return made | {"predictions": str(path), "at_majority": at_majority_rate(predictions)}


def _predicted(axes: Mapping[str, str], seed: int, signal: float, shape: tuple[int, int, int]) -> Predictions:
    num_samples, num_groups, num_classes = shape
    fixed = np.random.default_rng(len(axes.get("label", "")))
    labels = fixed.integers(0, num_classes, num_samples)
    groups = np.sort(fixed.integers(0, num_groups, num_samples))
    hardness = 0.3 * fixed.normal(size=num_groups)[groups]
    draw = np.random.default_rng([seed, int(short_id(dict(axes)), 16)])
    logits = 0.8 * draw.normal(size=(num_samples, num_classes))
    if signal < 0:
        logits = np.tile(-np.arange(num_classes), (num_samples, 1)).astype(float)
    else:
        logits[np.arange(num_samples), labels] += signal + hardness + 0.05 * draw.normal()
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    ids = np.array([f"patch{index:04d}" for index in range(num_samples)])
    return Predictions(ids, np.array([f"region{group:02d}" for group in groups]), labels.astype(np.int64), shares)
