"""A watcher of a queue that says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.grid.states import State


class Silent:
    """Sees everything and says nothing."""

    def __init__(self) -> None:
        self.seen_states: list[dict[str, str]] = []

    def seen(self, found: Mapping[str, State], running: Sequence[str]) -> None:
        self.seen_states.append({key: state.name for key, state in found.items()})
