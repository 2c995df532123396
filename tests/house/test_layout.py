"""The folder listing is the architecture: what lies where, what it says of itself, and where its tests are."""

from __future__ import annotations

import ast
import re

from support.imports import modules
from support.tree import ROOT, files

TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "configs", "constraints.txt", "docs", "harness", "jobs", "pyproject.toml", "setup.py", "slurm", "tests",
}  # fmt: skip
BESIDE = {"support", "golden", "e2e", "slurm", "gpu", "system", "house", "fixtures", "jobs"}


def test_nothing_else_lies_at_the_top() -> None:
    assert {path.parts[0] for path in files()} <= TOP


def test_every_module_says_what_it_is() -> None:
    silent = [name for name, path in modules().items() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without `__init__.py` would be left out of a wheel."""
    folders = {path.parent for path in modules().values()}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_tests_mirror_the_packages() -> None:
    """A folder of tests is named after the package whose tests it holds."""
    folders = {path.parts[1] for path in files() if path.parts[0] == "tests" and len(path.parts) > 2}
    packages = {path.name for path in (ROOT / "harness").iterdir() if path.is_dir()}
    assert folders - packages - BESIDE == set()


def test_every_package_has_tests() -> None:
    tested = {path.parts[1] for path in files() if path.parts[0] == "tests" and path.name.startswith("test_")}
    packages = {path.parent.name for path in (ROOT / "harness").glob("*/__init__.py")}
    assert {*packages, "jobs"} - tested == set()


def test_every_test_file_has_tests() -> None:
    empty = []
    for path in files():
        if path.match("tests/**/test_*.py"):
            tree = ast.parse((ROOT / path).read_text())
            if not any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(tree)):
                empty.append(str(path))
    assert empty == []


def test_the_version_is_the_one_that_the_changelog_opens_with() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    version = re.search(r'__version__ = "([^"]+)"', (ROOT / "harness" / "__init__.py").read_text())
    assert version is not None
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert released[0] == version.group(1)
