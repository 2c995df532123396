"""The training core runs with its few requirements alone, wherever it is put."""

from __future__ import annotations

import pytest

from support.fresh import run_without
from support.requirements import imported_names

CORE = ("harness.data", "harness.models", "harness.objectives", "harness.distributed", "harness.training")
ALLOWED = {"torch", "torchvision", "timm", "numpy", "pydantic", "yaml", "safetensors", "PIL"}
IMPORT_ALL = f"""
import importlib, pkgutil
for package in {CORE!r}:
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if ".fused." not in found.name and found.name.rpartition(".")[2] not in ("ffcv", "dali"):
            importlib.import_module(found.name)
print("all imported")
"""


def lacking() -> set[str]:
    """Every requirement of the base that the core may not use."""
    return imported_names("base") - ALLOWED


def test_the_core_needs_nothing_else() -> None:
    assert {"mlflow", "pandas", "click", "rich", "submitit", "sklearn"} <= lacking()
    assert "all imported" in run_without(lacking(), IMPORT_ALL)


def test_a_package_that_is_missing_is_noticed() -> None:
    with pytest.raises(AssertionError, match="No module named 'pandas'"):
        run_without({"pandas"}, "import harness.config.read\nimport pandas.api")
