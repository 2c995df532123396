"""The checkpoints of a run: whole or not there, the newest two, and the way back to one that is whole."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from harness.errors import StoreError
from harness.files import sync_folder
from harness.training.checkpoint_file import FORMAT, Entry, State, entry_of, name_of, read, write


class Checkpoints:
    """The checkpoints of one run. One process writes and searches; others load what it found.

    Args:
        folder: Theirs alone; made when the first one is written.
        keep: How many are left standing: two, because the newest may be the one that is torn.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        assert keep > 0, keep
        self.folder = folder
        self._keep = keep
        self._damaged: set[Path] = set()

    def save(self, step: int, state: State) -> Path:
        """Write a checkpoint, then remove those that it makes superfluous.

        It is written under a temporary name, synced, and renamed.

        Args:
            step: Optimiser steps done.
            state: Tensors, numbers, strings, and lists, tuples and dictionaries of them.

        Raises:
            DiskFullError: No room; the temporary file is gone and older checkpoints stand.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".step-{step}.{uuid.uuid4().hex[:8]}.tmp"
        try:
            path = self.folder / name_of(step, write(temporary, state))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self.folder)
        self._prune(path, step)
        return path

    def newest(self, report: Callable[[str], None]) -> tuple[int, State] | None:
        """The newest checkpoint that is whole, its step and state; None where there is none.

        What dead attempts left half-written is removed.

        Args:
            report: Told, in a sentence, of each checkpoint that had to be passed over.

        Raises:
            StoreError: A newer version of this program wrote here.
        """
        for left in self.folder.glob("*.tmp"):
            left.unlink(missing_ok=True)
        for entry in reversed(self._entries()):
            if (state := read(entry)) is not None:
                return entry.step, state
            self._damaged.add(entry.path)
            report(f"the checkpoint of step {entry.step} is damaged and was passed over: {entry.path.name}")
        return None

    def load(self, step: int) -> State:
        """The state of one step, which another process found whole.

        Raises:
            StoreError: It is missing or damaged as this process sees it.
        """
        for entry in self._entries():
            if entry.step == step and (state := read(entry)) is not None:
                return state
        raise StoreError(
            f"the checkpoint of step {step} in {str(self.folder)!r} is whole for the first rank and not for this one",
            mend="check that all machines see the same store",
        )

    def clear(self) -> None:
        """Remove every checkpoint and what was half-written, once a run needs none any more."""
        for path in [*self.folder.glob("*.ckpt"), *self.folder.glob("*.tmp")]:
            path.unlink(missing_ok=True)

    def _entries(self) -> list[Entry]:
        """Every checkpoint, in order of step."""
        entries = sorted(entry for path in self.folder.glob("*.ckpt") if (entry := entry_of(path)))
        for entry in entries:
            if entry.format > FORMAT:
                raise StoreError(
                    f"the checkpoint {str(entry.path)!r} has format {entry.format}, of a newer version of harness",
                    legal=f"formats up to {FORMAT}",
                    mend="go on with the version that wrote it, or remove the folder to begin again",
                )
        return entries

    def _prune(self, newest: Path, step: int) -> None:
        """Keep `newest` and the whole ones before it; a later or equal step is of a history that was given up."""
        before = [entry.path for entry in self._entries() if entry.step < step and entry.path not in self._damaged]
        kept = {newest, *before[::-1][: self._keep - 1]}
        for path in self.folder.glob("*.ckpt"):
            if path not in kept:
                path.unlink(missing_ok=True)
