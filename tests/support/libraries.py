"""Tests of libraries that not every machine can install: left out and listed for a person, run in CI.

Where skips are refused nothing is left out here: such a test then fails with the
error that says what to install.
"""

from __future__ import annotations

import importlib.util

import pytest

from support.no_skips import strict

LIBRARIES = {"ffcv": "ffcv", "dali": "nvidia.dali", "deepspeed": "deepspeed"}
"""The module that each mark stands for."""


def installed(module: str) -> bool:
    """Whether a module can be found; what it needs in turn is not looked at."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lacking = [] if strict() else [mark for mark, module in LIBRARIES.items() if not installed(module)]
    left = [item for item in items if any(item.get_closest_marker(mark) for mark in lacking)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
