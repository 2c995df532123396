"""What a wheel of the project holds, and what a user who installs it gets."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.imports import ROOT, modules

BUILD = "import sys\nfrom setuptools import build_meta\nprint(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, so that the build leaves nothing in ours."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("harness", "jobs", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(copy: Path) -> zipfile.ZipFile:
    done = subprocess.run([sys.executable, "-c", BUILD, "dist"], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next((copy / "dist").glob("*.whl")))


def test_it_holds_every_module_and_nothing_else(wheel: zipfile.ZipFile, copy: Path) -> None:
    code = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert code == {str(path.relative_to(copy)) for path in modules(copy).values()} | {"harness/py.typed"}


def test_it_brings_the_command_the_jobs_and_the_licence(wheel: zipfile.ZipFile) -> None:
    about = {Path(name).name: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    assert "harness = harness.cli:main" in about["entry_points.txt"]
    assert "jobs = jobs" in about["entry_points.txt"]
    assert "Apache License" in about["LICENSE"]
    assert "License-Expression: Apache-2.0" in about["METADATA"] or "License: Apache-2.0" in about["METADATA"]
    assert "Requires-Python: >=3.11" in about["METADATA"]
