"""The errors a user can mend, and the one way they are worded.

Every error says what is wrong, where it stands, which values are legal and what
to do. A `HarnessError` is for the person at the keyboard; a broken invariant of
our own is an `AssertionError`. `kind` is the class of failure that a run's record,
its state and the retry policy use.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class HarnessError(Exception):
    """Something that the user can mend.

    Args:
        what: One sentence that names the offending value.
        where: File and key, or the place in the data, that holds it.
        legal: The values that would be accepted.
        mend: What to do, as an imperative.
    """

    kind: ClassVar[str] = "error"

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        legal: Iterable[object] | str | None = None,
        mend: str | None = None,
    ) -> None:
        self.what, self.where, self.legal, self.mend = what, where, _listed(legal), mend
        super().__init__(what)

    def __str__(self) -> str:
        details = (("where", self.where), ("legal", self.legal), ("mend", self.mend))
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in details if text)])

    def at(self, where: str) -> HarnessError:
        """The same error with its place put in front of the one it has."""
        self.where = f"{where}: {self.where}" if self.where else where
        return self


class ConfigError(HarnessError):
    """A configuration, grid file or command line that cannot be carried out."""

    kind = "bad config"


class DataError(HarnessError):
    """Images, labels or a packed store that are not what they should be."""

    kind = "bad data"


class StoreError(HarnessError):
    """A run folder, plan or ledger that cannot be read, written or reused."""

    kind = "bad store"


class DiskFullError(StoreError):
    """A write that found no room; nothing half-written is left behind."""

    kind = "disk full"


class NonFiniteError(HarnessError):
    """A loss or gradient that is not a number."""

    kind = "non-finite loss"


class DriftError(HarnessError):
    """Ranks that should hold the same numbers hold different ones."""

    kind = "ranks differ"


class MissingDependencyError(HarnessError):
    """An optional package or program that this command needs and the machine lacks."""

    kind = "bad config"


def did_you_mean(value: str, legal: Iterable[str]) -> str | None:
    """The mend for a misspelt name, or None where nothing legal is near it."""
    near = difflib.get_close_matches(value, list(legal), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None


def _listed(legal: Iterable[object] | str | None) -> str | None:
    if legal is None or isinstance(legal, str):
        return legal
    return ", ".join(str(item) for item in legal) or "(none)"
