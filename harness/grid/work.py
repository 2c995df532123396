"""What a worker hands to a stage: where to write, whom to tell, when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.tracking.attempt import Attempt
from harness.tracking.journal import Journal
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store

if TYPE_CHECKING:
    from harness.distributed.world import World


@dataclass(frozen=True)
class Work:
    """One rank's part in one attempt at a run.

    Attributes:
        store: The store that the run, its inputs and the packed data lie in.
        run: The run's folder.
        attempt: The attempt's folder.
        world: This rank among the others.
        journal: Open on rank 0, None elsewhere.
        threads: CPU threads of this process.
        stop: Whether somebody asked the run to end early.
    """

    store: Store
    run: RunFolder
    attempt: Attempt
    world: World
    journal: Journal | None
    threads: int
    stop: Callable[[], bool]

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0, which alone writes."""
        return self.world.rank == 0

    def path(self, name: str) -> Path:
        """Where a file of this attempt goes."""
        return self.attempt.path / name
