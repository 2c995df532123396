"""Tests that the machine cannot run: skipped for a person, refused in CI.

Where `HARNESS_NO_SKIPS` is set, a skip is a failure. Tests marked `data` need the
real images, which lie beside a checkout and not in it: without them such a test
skips for a person, and CI leaves it out and says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

VARIABLE = "HARNESS_NO_SKIPS"
IMAGES = Path(__file__).parents[3] / "shared" / "data"


def strict() -> bool:
    """Whether a skip is a failure."""
    return bool(os.environ.get(VARIABLE))


@pytest.fixture(scope="session")
def real_images() -> Path:
    """The folder of real images; only tests marked `data` may ask for it."""
    return IMAGES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lacking = [] if IMAGES.is_dir() else [item for item in items if item.get_closest_marker("data")]
    if strict() and lacking:
        config.hook.pytest_deselected(items=lacking)
        items[:] = [item for item in items if item not in lacking]
        return
    for item in lacking:
        item.add_marker(pytest.mark.skip(reason=f"the real images are not at {os.path.relpath(IMAGES)}"))


def refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that gives the skip's reason; an expected failure stays as it is."""
    if strict() and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{reason}\n{VARIABLE} is set, so this is a failure"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    refuse(report)
    return report
