"""Tests that ask for `form` run on the batched form and on the kernels: what holds of Table S1 holds of both."""

from __future__ import annotations

import pytest

from harness.data.augment.ops import backend


@pytest.fixture(params=["torch", "numba"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which one `auto` takes on a CPU."""
    if request.param == "numba":
        pytest.importorskip("numba")
    monkeypatch.setattr(backend, "installed", lambda: request.param == "numba")
    return str(request.param)
