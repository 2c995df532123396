"""A run's folder: what it should compute, every attempt at it, and the one result.

::

    runs/<stage>/<id>/
        config.yaml          the resolved configuration and the identity that was hashed
        attempts/<n>/        journal.jsonl, log, provenance.json, failure.json, what the stage leaves
        checkpoints/         while the run lives
        result.json          written last, once, by an exclusive link

Success means that result.json is there and valid, and nothing else. An attempt
writes only below its own folder and checkpoints/, so one that was given up for
dead and was not can spoil nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.config.identity import differences
from harness.config.yaml import dump, parse
from harness.errors import StoreError
from harness.files import is_locked, locked, naming_full_disk, read_text, write_once
from harness.tracking.attempt import Attempt
from harness.tracking.journal import Entry
from harness.tracking.result import FORMAT, Result, refuse_newer

START_WAIT_S = 5.0


class RunFolder:
    """One run in a store.

    Args:
        path: ``<store>/runs/<stage>/<id>``; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key = f"{path.parent.name}/{path.name}"
        self.checkpoints = path / "checkpoints"
        self._lock = path / "lock"

    def create(self, identity: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """Write config.yaml, or compare with the one that is there.

        Args:
            identity: What was hashed into the id.
            config: The whole resolved configuration, from which a worker makes the stage.

        Raises:
            StoreError: The folder holds another identity under the same id.
        """
        with naming_full_disk(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        record = {"format": FORMAT, "run": self.key, "identity": dict(identity), "config": dict(config)}
        if not write_once(self.path / "config.yaml", dump(record)):
            self._compare(dict(identity))

    def _compare(self, identity: dict[str, Any]) -> None:
        found = list(differences(self.record()["identity"], identity))
        if found:
            raise StoreError(
                f"{str(self.path)!r} holds another configuration under the same id: {'; '.join(found)}",
                mend="a default changed without its revision being raised, or two ids collide: move the folder away",
            )

    def record(self) -> dict[str, Any]:
        """What config.yaml holds: format, run, identity, config."""
        path = self.path / "config.yaml"
        record = parse(read_text(path), str(path))
        if not isinstance(record, dict) or "identity" not in record:
            raise StoreError(f"{str(path)!r} is no run's configuration", mend="restore it, or remove the run's folder")
        refuse_newer(record, path)
        return record

    def result(self) -> Result | None:
        """The run's result, or None where there is none yet.

        Raises:
            StoreError: result.json is there and damaged, or of a newer version.
        """
        path = self.path / "result.json"
        return Result.load(path) if path.exists() else None

    def publish(self, result: Result) -> bool:
        """Make `result` the run's result unless it has one; returns whether this call made it."""
        return write_once(self.path / "result.json", result.dump())

    def attempts(self) -> list[Attempt]:
        """Every attempt, the first one first."""
        folder = self.path / "attempts"
        numbers = sorted(int(item.name) for item in folder.iterdir() if item.name.isdigit()) if folder.exists() else []
        return [Attempt(folder / str(number)) for number in numbers]

    def new_attempt(self) -> Attempt:
        """A folder for one more attempt, made exclusively: two starters get two."""
        folder = self.path / "attempts"
        with naming_full_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        number = max((attempt.number for attempt in self.attempts()), default=0)
        while True:
            number += 1
            with contextlib.suppress(FileExistsError), naming_full_disk(folder):
                (folder / str(number)).mkdir()
                return Attempt(folder / str(number))

    def is_running(self) -> bool:
        """Whether a process of this machine, or one that shares its locks, is at work on the run."""
        return is_locked(self._lock)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one process group at work on this run.

        Raises:
            BlockingIOError: Another one is. A reader that only looks holds the lock for
                microseconds, so it is asked for again for a few seconds.
        """
        with contextlib.ExitStack() as lock:
            deadline = time.monotonic() + START_WAIT_S
            while not self._taken(lock, time.monotonic() > deadline):
                time.sleep(0.01)
            yield

    def _taken(self, lock: contextlib.ExitStack, last: bool) -> bool:
        """Whether the lock could be entered into `lock`; the last try raises instead."""
        try:
            lock.enter_context(locked(self._lock, wait=False))
        except BlockingIOError:
            if last:
                raise
            return False
        return True

    def history(self) -> list[Entry]:
        """Metric entries in order of step, each step once: of the highest attempt that did it and kept it."""
        kept: list[Entry] = []
        for attempt in self.attempts():
            entries = list(attempt.entries())
            start = next((entry.step for entry in entries if entry.kind == "start"), None)
            if start is None:
                continue
            kept = [entry for entry in kept if entry.step <= start]
            kept += [entry for entry in entries if entry.kind == "metrics" and entry.step > start]
        return kept
