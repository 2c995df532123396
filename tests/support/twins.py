"""Small synthetic twins of published sets, for tests that need one to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.data.datasets import Dataset
from harness.data.layouts import Layout


def make_twin(root: Path, name: str, **settings: Any) -> Path:
    """Write a twin in the layout of that name; returns its folder."""
    Layout.parse({"name": name, "size": 16} | settings).write(root)
    return root


def read_twin(root: Path, name: str, **settings: Any) -> Dataset:
    """The data set of a folder, at 16 px."""
    return Dataset.parse({"name": name, "root": str(root), "size": 16} | settings)
