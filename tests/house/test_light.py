"""What must start fast, or run where little is installed, imports nothing heavy: torch takes 4 s, mlflow 2.5 s."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.fresh import ROOT, imported_by
from support.imports import imports

HEAVY = ("torch", "mlflow", "pandas", "matplotlib", "scipy", "sklearn", "timm", "torchvision", "pyarrow", "submitit")
SLOW = ("torch", "mlflow", "timm", "torchvision")
FAMILIES = sorted({one.importer for one in imports() if one.imported == "harness.config.family.Family"})
CATALOGUES = """
import importlib, sys
from harness.config.family import Family
for name in sys.argv[1].split():
    importlib.import_module(name)
for family in Family.__subclasses__():
    family.catalogue()
"""


@pytest.mark.parametrize("module", ["harness", "harness.cli", "harness.config.read", "harness.grid.plan", "jobs"])
def test_importing_is_light(module: str) -> None:
    assert imported_by(f"import {module}", HEAVY) == set()


def test_every_catalogue_is_light() -> None:
    """All components can be listed and checked without what they need to run."""
    assert len(FAMILIES) > 5
    assert imported_by(CATALOGUES, HEAVY, " ".join(FAMILIES)) == set()


@pytest.mark.parametrize("verb", ["plan", "submit", "status", "table", "why", "logs", "report", "ui", "data"])
def test_help_imports_neither_torch_nor_mlflow(verb: str) -> None:
    assert imported_by(f"from harness.cli import main; main([{verb!r}, '--help'])", SLOW) == set()


@pytest.mark.parametrize("config", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda path: path.stem)
def test_planning_imports_neither_torch_nor_mlflow(config: Path, tmp_path: Path) -> None:
    code = f"from harness.cli import main; main(['plan', {str(config)!r}, '--store', {str(tmp_path)!r}])"
    assert imported_by(code, SLOW) == set()


def test_a_heavy_import_is_noticed() -> None:
    assert imported_by("import torch, json", HEAVY) == {"torch"}
