"""A library that may change under us, or be missing, is imported in one place."""

from __future__ import annotations

import pytest

from support.imports import Import, imports

PLACES = {
    "mlflow": "harness.tracking.replica",
    "submitit": "harness.launch.local",
    "ffcv": "harness.data.loaders.beton",
    "nvidia.dali": "harness.data.loaders.files",
    "numba": "harness.data.augment.fused",
    "pooch": "harness.data.fetch.download",
    "segmentation_models_pytorch": "harness.models.nets.unet",
    "deepspeed": "harness.training.engines.running.deepspeed",
    "sqlite3": "harness.tracking.replica",
}


def importers(library: str, found: list[Import]) -> set[str]:
    return {one.importer for one in found if one.imported == library or one.imported.startswith(f"{library}.")}


def outside(library: str, found: list[Import]) -> set[str]:
    """Modules that import a library and are neither its place nor beneath it."""
    place = PLACES[library]
    return {name for name in importers(library, found) if name != place and not name.startswith(f"{place}.")}


@pytest.mark.parametrize("library", PLACES)
def test_a_library_has_one_place(library: str) -> None:
    assert outside(library, imports()) == set()


def test_another_place_is_caught() -> None:
    assert outside("mlflow", [Import("harness.cli.ui", "mlflow.tracking", 3)]) == {"harness.cli.ui"}
    assert outside("nvidia.dali", [Import("harness.data.pack", "nvidia.dali.fn", 1)]) == {"harness.data.pack"}
    assert outside("nvidia.dali", [Import("harness.data.pack", "nvidia.other", 1)]) == set()
