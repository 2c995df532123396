"""The pictures of a grid's report: how its trainings went, and what they were shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.config.read import read
from harness.data.datasets import Dataset
from harness.errors import DataError
from harness.grid.plan import Plan, PlannedRun, names
from harness.report.figures import Curve, loss_curves, sample_sheet
from harness.report.html import Picture
from harness.tracking.store import Store

if TYPE_CHECKING:
    from harness.data.packed import PackedSet

PREFIX = "train/"
NOT_DRAWN = ("epoch", "lr", "gradient_norm")
SAMPLES = 6


def pictures(plan: Plan, store: Store) -> list[Picture]:
    """Loss curves of the runs that kept a journal of steps, and a sheet of sample pairs where the data are at hand."""
    found = []
    curves = [curve for run in plan.runs for curve in _curves(run, store)]
    if curves:
        text = "A line is one run; runs of one colour differ in their seed alone. Means over the steps of an entry."
        found.append(Picture("Training", text, loss_curves(curves), "Loss terms against optimiser steps"))
    sheet = _sheet(plan, store)
    return found + ([sheet] if sheet else [])


def _curves(run: PlannedRun, store: Store) -> Iterator[Curve]:
    """Every training quantity of a run, named by its labels without the seed."""
    entries = [entry for entry in store.run(run.key).history() if any(name.startswith(PREFIX) for name in entry.values)]
    if not entries:
        return
    name = " · ".join(names(run.labels[0])) or run.cell
    for quantity in entries[-1].values:
        if quantity.startswith(PREFIX) and quantity.removeprefix(PREFIX) not in NOT_DRAWN:
            values = [entry.values.get(quantity, float("nan")) for entry in entries]
            yield Curve(quantity.removeprefix(PREFIX), name, run.seed, [entry.step for entry in entries], values)


def _sheet(plan: Plan, store: Store) -> Picture | None:
    """Some samples in all the image modalities that the grid's branches look at."""
    from harness.data.pack import pack

    settings = next((run.settings for run in plan.runs if run.settings.get("data")), None)
    modalities = list(dict.fromkeys(name for run in plan.runs for name in _modalities(run.settings)))
    if settings is None or not modalities:
        return None
    try:
        packed = pack(read(Dataset, dict(settings["data"]), plan.source), store.packs)
    except DataError:
        return None
    shown = [name for name in modalities if packed.kind(name) == "image"]
    kind = "Synthetic patches, made by a program" if packed.synthetic else f"Patches of {packed.name}"
    text = f"{kind}; each row is one sample, each column what one branch may be shown of it."
    return Picture("Sample pairs", text, sample_sheet(shown, _rows(packed, shown)), "Sample patches side by side")


def _modalities(settings: Mapping[str, Any]) -> Iterator[str]:
    for branch in settings.get("branches", ()):
        yield branch["view"]["modality"]


def _rows(packed: PackedSet, modalities: list[str]) -> list[tuple[str, list[np.typing.NDArray[np.uint8]]]]:
    """Training samples spread evenly over the set."""
    rows = packed.rows("train")
    chosen = rows[np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows)), dtype=np.int64)]
    return [(str(packed.ids[row]), [np.array(packed.array(name)[row]) for name in modalities]) for row in chosen]
