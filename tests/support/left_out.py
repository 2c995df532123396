"""At the end of a test run: what it left out, by group, and how to run it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

GROUPS = {
    "system": "make test-system, as root",
    "long": "make test-long",
    "data": "needs the real images beside the checkout",
    "ffcv": "needs FFCV: install the packages of .ci/ffcv.txt, then make test",
    "dali": "needs NVIDIA's DALI: make test installs it",
}
COUNTS = pytest.StashKey[Counter[str]]()


def group_of(item: pytest.Item) -> str:
    """The group for which an item was left out, or `other`."""
    return next((name for name in GROUPS if item.get_closest_marker(name)), "other")


def line(name: str, count: int) -> str:
    """How one group is listed."""
    return f"left out: {count} {name} ({GROUPS.get(name, 'deselected on the command line')})"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = Counter()


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        item.config.stash[COUNTS][group_of(item)] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(session.config.stash[COUNTS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the same tests, so any one of them knows what all left out."""
    node.config.stash[COUNTS].update({} if node.config.stash[COUNTS] else node.workeroutput.get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, count in terminalreporter.config.stash[COUNTS].items():
        terminalreporter.write_line(line(name, count))
