"""One trained pair of encoders for all tests of probes; each test has a copy of the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.probing import Bench, make_bench


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def bench(trained: Bench, tmp_path: Path) -> Bench:
    """A copy of the trained store."""
    return trained.copied(tmp_path)
