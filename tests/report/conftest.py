"""Grids that many tests read, made once a session."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.report.model import Table
from harness.report.table import make_table
from support.frames import demo_frame, demo_spec, hemit_frame, hemit_spec


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The frame of a grid like that on real images, one seed."""
    return hemit_frame(tmp_path_factory.mktemp("hemit"))


@pytest.fixture(scope="session")
def real_table(real: pd.DataFrame) -> Table:
    """The table of `real`."""
    return make_table(real, hemit_spec())


@pytest.fixture(scope="session")
def demo_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The quick start's table, as it should come out."""
    return make_table(demo_frame(tmp_path_factory.mktemp("demo")), demo_spec())
