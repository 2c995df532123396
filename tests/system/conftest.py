"""Every test of this folder needs root or Debian packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report.model import Table
from harness.report.table import make_table
from support.frames import demo_frame, demo_spec, hemit_frame, hemit_spec

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session", params=["demo", "hemit"])
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The table of the quick start, and one like that on real images."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "demo":
        return make_table(demo_frame(folder), demo_spec())
    return make_table(hemit_frame(folder), hemit_spec())
