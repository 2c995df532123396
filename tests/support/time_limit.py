"""A limit of time for every test, so that one that hangs is named and the others go on.

An alarm fails the test where it stands. Should it hang in code that no alarm
reaches, every thread's stack is printed a little later and the process ends.
"""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SECONDS = {"system": 600, "long": 3600}
USUAL_SECONDS = 180
GRACE_SECONDS = 30


def limit_of(item: pytest.Item) -> int:
    """Seconds for each of set-up, call and tear-down: by the item's own mark, its group, or the usual ones."""
    if own := item.get_closest_marker("time_limit"):
        return int(own.args[0])
    return next((seconds for group, seconds in SECONDS.items() if item.get_closest_marker(group)), USUAL_SECONDS)


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Fail what runs within after so many seconds."""

    def expire(*_: Any) -> None:
        pytest.fail(f"still running after its limit of {seconds} s")

    before = signal.signal(signal.SIGALRM, expire)
    faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with limited(limit_of(item)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with limited(limit_of(item)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with limited(limit_of(item)):
        return (yield)
