"""What holds of every data set that can be named; one without a twin here is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.config.plain import identity
from harness.data.datasets import Dataset
from harness.data.pack import pack
from support.images import make_folder, make_hemit
from support.twins import make_twin

TWINS: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "conic": (lambda root: make_twin(root, "conic", patches=30, sources=6), {"complete": False}),
    "folder": (make_folder, {}),
    "hemit": (make_hemit, {"complete": False}),
    "nct": (lambda root: make_twin(root, "nct", patches=36), {"complete": False}),
    "shift": (lambda root: make_twin(root, "shift", patches=10), {}),
}
WITHOUT_LABELS = {"shift"}  # the paper trains on it and probes elsewhere


@pytest.fixture(params=sorted(Dataset.catalogue()))
def twin(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    make, settings = TWINS[request.param]
    return Dataset.parse({"name": request.param, "root": str(make(tmp_path / "data")), "size": 8} | settings)


def test_every_data_set_has_a_twin() -> None:
    assert set(TWINS) == set(Dataset.catalogue())


def test_it_packs_what_its_manifest_says(twin: Dataset, tmp_path: Path) -> None:
    manifest, packed = twin.manifest(), pack(twin, tmp_path / "packs")
    assert packed.ids.tolist() == list(manifest.ids) == sorted(manifest.ids)
    assert packed.digest == manifest.digest
    assert set(packed.arrays) == set(manifest.modalities)
    assert all(len(packed.array(name)) == len(manifest) for name in packed.arrays)
    for name, label in manifest.labels.items():
        assert np.array_equal(packed.labels[name].values, label.values)


def test_it_has_both_sides_of_a_split_and_a_label(twin: Dataset) -> None:
    manifest = twin.manifest()
    assert manifest.note
    if twin.name in WITHOUT_LABELS:
        assert set(manifest.splits) == {"train"}
        assert not manifest.labels
        return
    assert {"train", "test"} <= set(manifest.splits)
    assert manifest.labels


def test_where_it_lies_is_no_part_of_it(twin: Dataset, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "else where")
    moved = twin.model_copy(update={"root": str(tmp_path / "else where")})
    assert identity(moved) == identity(twin)
    again = TWINS[twin.name][0](tmp_path / "data")
    assert again.is_dir()
    assert moved.manifest().digest == twin.manifest().digest
