"""Taking a run, so that nobody else computes it, and handing in what came of it."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from harness.files import sha256_of
from harness.grid.plan import PlannedRun
from harness.grid.stage import Outcome
from harness.tracking.attempt import Attempt
from harness.tracking.provenance import provenance
from harness.tracking.result import Artifact, Result
from harness.tracking.run_folder import RunFolder
from harness.tracking.store import Store


def claim(store: Store, run: PlannedRun, conditions: Mapping[str, object], held: contextlib.ExitStack) -> int:
    """Start an attempt at a run if there is something to do and nobody else does it.

    Args:
        store: The store.
        run: What to compute.
        conditions: Laid over the attempt's provenance.
        held: Keeps the claim until it is closed.

    Returns:
        The attempt's number; 0 where the run has a result, is held by another process
        group, or reads a run that has no result.
    """
    folder = store.run(run.key)
    folder.create(run.identity, run.settings)
    if folder.result() is not None or any(store.run(key).result() is None for key in run.inputs):
        return 0
    try:
        held.enter_context(folder.held())
    except BlockingIOError:
        return 0
    if folder.result() is not None:
        return 0
    attempt = folder.new_attempt()
    attempt.describe(provenance(**conditions))
    return attempt.number


def publish(folder: RunFolder, attempt: Attempt, outcome: Outcome) -> None:
    """Write the run's result, and only then remove its checkpoints."""
    result = Result(
        run=folder.key,
        attempt=attempt.number,
        metrics=outcome.metrics,
        facts=outcome.facts,
        artifacts={name: _artifact(folder, path) for name, path in outcome.artifacts.items()},
        seconds=_seconds(folder),
        finished=time.time(),
        provenance=attempt.provenance(),
    )
    folder.publish(result)
    shutil.rmtree(folder.checkpoints, ignore_errors=True)


def _artifact(folder: RunFolder, path: Path) -> Artifact:
    return Artifact(str(path.relative_to(folder.path)), sha256_of(path))


def _seconds(folder: RunFolder) -> float:
    """Wall time of all attempts, the present one up to now."""
    *earlier, last = folder.attempts()
    started = float(last.provenance()["started"])
    return sum(attempt.seconds() for attempt in earlier) + time.time() - started
